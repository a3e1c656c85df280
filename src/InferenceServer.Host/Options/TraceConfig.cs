using System.Collections.Immutable;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Host.Options;

/// <summary>What <c>--trace-config</c> says.</summary>
internal sealed record TraceConfig
{
    /// <summary>The file, and how much goes into it.</summary>
    public TraceOptions Options { get; init; } = new();

    /// <summary>True when requests are to be traced for a collector.</summary>
    public bool WantsSpans { get; init; }

    /// <summary>False for one span a request.</summary>
    public bool HasPhases { get; init; } = true;

    /// <summary>True when the settings say which requests are traced.</summary>
    public bool HasSampling { get; init; }

    /// <summary>True when the settings say what is traced.</summary>
    public bool HasLevels { get; init; }

    /// <summary>The variables of OpenTelemetry that the settings stand for.</summary>
    public ImmutableSortedDictionary<string, string> Variables { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

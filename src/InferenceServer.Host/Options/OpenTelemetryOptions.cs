using System.Collections.Immutable;

namespace InferenceServer.Host.Options;

/// <summary>What goes to an OpenTelemetry collector. How, the library itself reads from the variables.</summary>
internal sealed record OpenTelemetryOptions
{
    /// <summary>Nothing goes anywhere.</summary>
    public static OpenTelemetryOptions Off { get; } = new();

    /// <summary>True to send the spans of traced requests.</summary>
    public bool Traces { get; init; }

    /// <summary>True to send metrics.</summary>
    public bool Metrics { get; init; }

    /// <summary>The variables whose names begin with <c>OTEL_</c>, from the environment, the file and what stands for them on the command line.</summary>
    public ImmutableSortedDictionary<string, string> Variables { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

using InferenceServer.Core.Sequences;
using InferenceServer.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Scheduling;

/// <summary>What the lanes of one version share.</summary>
internal sealed record LaneSetup
{
    public required string ModelName { get; init; }

    public required long Version { get; init; }

    /// <summary>The name of the lane's threads, as debuggers and <c>top -H</c> show it.</summary>
    public required string ThreadName { get; init; }

    public required BatchAssembler Assembler { get; init; }

    public required BatchSplitter Splitter { get; init; }

    /// <summary>What no client of a sequence model sends or gets; null for every other model.</summary>
    public SequenceTensors? Sequences { get; init; }

    /// <summary>True when a request may be answered any number of times.</summary>
    public bool IsDecoupled { get; init; }

    public required ModelStatistics Statistics { get; init; }

    public required TimeProvider Time { get; init; }

    public required TimeSpan IdleTimeout { get; init; }

    public required ILogger Logger { get; init; }
}

using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Telemetry;

/// <summary>The counters of one version at one moment, as the statistics routes show them. Immutable.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Version">The version's number.</param>
public sealed record ModelStatisticsReport(string Name, long Version)
{
    /// <summary>When the last batch was completed, in milliseconds since 1970 UTC; 0 for never.</summary>
    public long LastInference { get; init; }

    /// <summary>Rows that were inferred; a request to a model that does not batch counts one.</summary>
    public long InferenceCount { get; init; }

    /// <summary>Times that the model was run successfully.</summary>
    public long ExecutionCount { get; init; }

    /// <summary>Requests that succeeded, from acceptance to answer.</summary>
    public CountedDuration Success { get; init; }

    /// <summary>Requests that were accepted and failed, from acceptance to answer.</summary>
    public CountedDuration Fail { get; init; }

    /// <summary>The wait in the queue.</summary>
    public CountedDuration Queue { get; init; }

    /// <summary>Putting inputs together; each request counts the whole time of its execution, as in the two below.</summary>
    public CountedDuration ComputeInput { get; init; }

    /// <summary>Running the model.</summary>
    public CountedDuration ComputeInfer { get; init; }

    /// <summary>Cutting outputs into answers.</summary>
    public CountedDuration ComputeOutput { get; init; }

    /// <summary>Requests that a response cache answered.</summary>
    public CountedDuration CacheHit { get; init; }

    /// <summary>Requests that a response cache could not answer.</summary>
    public CountedDuration CacheMiss { get; init; }

    /// <summary>The executions by batch size, ascending.</summary>
    public ImmutableArray<BatchSizeReport> Batches { get; init; } = [];

    /// <summary>The executions by the reason why they were released with the rows that they had; every reason is there.</summary>
    public ImmutableArray<KeyValuePair<ReleaseReason, long>> Releases { get; init; } = [];

    /// <summary>The responses by their number in the answer, from 0 on, of a model that may answer several times; empty for every other.</summary>
    public ImmutableArray<ResponseReport> Responses { get; init; } = [];

    /// <summary>The memory that the version takes, as far as its backend tells.</summary>
    public ImmutableArray<ModelMemory> Memory { get; init; } = [];
}

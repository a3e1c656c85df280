using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Caching;

/// <summary>What the cache of one version needs.</summary>
internal sealed record ModelCacheSetup
{
    public required IResponseCache Cache { get; init; }

    public required CacheCounters Counters { get; init; }

    /// <summary>What stands for the version in every key: another one for other files or another configuration.</summary>
    public required ImmutableArray<byte> Seed { get; init; }

    /// <summary>
    /// For an ensemble: what stands for it together with the versions that a request leads to, which the request holds from then on. Empty where one of them is not known, and the answer is not
    /// kept. Null for every other model.
    /// </summary>
    public Func<PendingInference, ImmutableArray<byte>>? MemberSeed { get; init; }

    public required ModelConfig Config { get; init; }

    public required IModelScheduler Scheduler { get; init; }

    public required ModelStatistics Statistics { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>How many requests may wait for others; one more goes to the queue by itself.</summary>
    public required int MaxWaiting { get; init; }

    /// <summary>How many bytes the inputs of those may have together; one may wait in any case.</summary>
    public required long MaxWaitingBytes { get; init; }
}

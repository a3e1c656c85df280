using System.Collections.Immutable;
using System.IO.Abstractions;
using System.Security.Cryptography;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Core.Caching;

/// <summary>The server's response cache, if it has one, and how versions get their part of it.</summary>
internal sealed class ResponseCaching : IResponseCacheStatus, IAsyncDisposable
{
    private readonly IResponseCache? _cache;
    private readonly ModelFingerprint _fingerprint;
    private readonly SchedulerOptions _limits;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CacheCounters _counters = new();

    public ResponseCaching(IResponseCache? cache, ModelFingerprint fingerprint, SchedulerOptions limits, TimeProvider time, ILogger logger)
    {
        _cache = cache;
        _fingerprint = fingerprint;
        _limits = limits;
        _time = time;
        _logger = logger;
    }

    /// <summary>No cache.</summary>
    public static ResponseCaching Off { get; } = new(null, new ModelFingerprint(new FileSystem(), ""), new SchedulerOptions(), TimeProvider.System, NullLogger.Instance);

    public ResponseCacheReport? Read() => _cache is null ? null : _counters.Read() with { Local = _cache.Read().Local, Store = _cache.Read().Store };

    /// <summary>True when answers of a model are kept.</summary>
    public bool Keeps(ModelConfig config) => _cache is not null && config.UsesResponseCache;

    /// <summary>What is to be remembered of a version's files before they are loaded, be it for an ensemble that leads to it; null when it does not matter.</summary>
    public string? Witness(AspiredVersion version) => _cache is { IsShared: true } ? _fingerprint.Witness(version) : null;

    /// <summary>What stands for a version that has been loaded in the keys of its answers; empty when none are kept.</summary>
    /// <param name="version">The version.</param>
    /// <param name="witness">What <see cref="Witness"/> said before.</param>
    /// <param name="config">The configuration that it is served by.</param>
    /// <param name="backendSettings">What the server tells its backend.</param>
    /// <param name="cancellationToken">Signalled when the load is given up.</param>
    public async ValueTask<ImmutableArray<byte>> MakeSeedAsync(
        AspiredVersion version, string? witness, ModelConfig config, IReadOnlyDictionary<string, string> backendSettings, CancellationToken cancellationToken)
    {
        if (!config.UsesResponseCache)
        {
            return [];
        }

        if (_cache is null)
        {
            CachingLog.NoCache(_logger, config.Name);
            return [];
        }

        return witness is null ? MakeRandom() : await ReadAsync(version, witness, config, backendSettings, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What stands for a version in the keys of ensembles, whether answers of its own are kept or not.</summary>
    /// <param name="seed">What <see cref="MakeSeedAsync"/> has made; empty when it has made none.</param>
    /// <param name="version">The version.</param>
    /// <param name="witness">What <see cref="Witness"/> said before.</param>
    /// <param name="config">The configuration that it is served by.</param>
    /// <param name="backendSettings">What the server tells its backend.</param>
    public VersionSeed Share(ImmutableArray<byte> seed, AspiredVersion version, string? witness, ModelConfig config, IReadOnlyDictionary<string, string> backendSettings) =>
        _cache is null ? VersionSeed.None
            : !seed.IsEmpty ? new VersionSeed(seed)
            : witness is null ? new VersionSeed(MakeRandom())
            : new VersionSeed(() => TryReadAsync(version, witness, config, backendSettings));

    /// <summary>The cache of a version.</summary>
    /// <param name="seed">What stands for it; empty when nothing is kept of it.</param>
    /// <param name="config">The configuration that it is served by.</param>
    /// <param name="scheduler">What runs its requests.</param>
    /// <param name="statistics">Its counters.</param>
    /// <param name="memberSeed">For an ensemble: what stands for it together with the versions that a request leads to.</param>
    public ModelCache? Make(ImmutableArray<byte> seed, ModelConfig config, IModelScheduler scheduler, ModelStatistics statistics, Func<PendingInference, ImmutableArray<byte>>? memberSeed = null) => _cache is null || seed.IsEmpty
        ? null
        : new ModelCache(new ModelCacheSetup
        {
            Cache = _cache,
            Counters = _counters,
            Seed = seed,
            MemberSeed = memberSeed,
            Config = config,
            Scheduler = scheduler,
            Statistics = statistics,
            Time = _time,
            MaxWaiting = _limits.MaxQueueSize,
            MaxWaitingBytes = _limits.MaxQueueBytes,
        });

    /// <summary>Another one for each load: whatever has changed, an old answer is never found.</summary>
    private static ImmutableArray<byte> MakeRandom() => [.. RandomNumberGenerator.GetBytes(CacheKey.Size)];

    private async Task<ImmutableArray<byte>> ReadAsync(
        AspiredVersion version, string witness, ModelConfig config, IReadOnlyDictionary<string, string> backendSettings, CancellationToken cancellationToken)
    {
        var seed = await _fingerprint.ComputeAsync(version, config, backendSettings, cancellationToken).ConfigureAwait(false);
        if (_fingerprint.Witness(version) == witness)
        {
            return seed;
        }

        // What was loaded may not be what has been read since.
        CachingLog.FilesChanged(_logger, config.Name, version.Number);
        return MakeRandom();
    }

    private async Task<ImmutableArray<byte>> TryReadAsync(AspiredVersion version, string witness, ModelConfig config, IReadOnlyDictionary<string, string> backendSettings)
    {
        try
        {
            return await ReadAsync(version, witness, config, backendSettings, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The version serves: its files may be gone by now.
            CachingLog.FilesUnreadable(_logger, exception, config.Name, version.Number);
            return MakeRandom();
        }
    }

    public ValueTask DisposeAsync() => _cache is IAsyncDisposable disposable ? disposable.DisposeAsync() : ValueTask.CompletedTask;
}

using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Sequences;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// One loaded version: its weights, its lanes and the count of those who use it. It is born with a count of one, which belongs to the
/// lifecycle; when that is given up and the last lease has ended, nothing uses the version any more.
/// </summary>
public sealed class ServedModel
{
    private readonly IBackendModel _backendModel;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count = 1;
    private readonly TimeProvider _time;
    private volatile ModelConfig _config;
    private volatile Action? _onIdle;
    private long _idleSince;
    private readonly BusyShare _busyShare;

    internal ServedModel(long version, ModelConfig config, IBackendModel backendModel, IModelScheduler scheduler, ModelStatistics statistics, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _idleSince = _time.GetTimestamp();
        _busyShare = new BusyShare(_time);
        Name = config.Name;
        Version = version;
        _config = config;
        _backendModel = backendModel;
        Scheduler = scheduler;
        Statistics = statistics;
        Validator = new RequestValidator(config, backendModel.Signature);
        Steps = config.SequenceBatching is { } sequences ? new SequenceStepReader(sequences) : null;
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>The version's number.</summary>
    public long Version { get; }

    /// <summary>The configuration that the version runs with, completed.</summary>
    public ModelConfig Config => _config;

    /// <summary>What the model takes and gives.</summary>
    public ModelSignature Signature => _backendModel.Signature;

    /// <summary>The class labels of the outputs that have a label file, by the output's name.</summary>
    public ImmutableDictionary<string, ClassLabels> Labels { get; internal init; } = ImmutableDictionary<string, ClassLabels>.Empty;

    /// <summary>What an ensemble was held against when it was loaded; null for every other model.</summary>
    internal string? MemberSignature { get; init; }

    /// <summary>The version's counters.</summary>
    public ModelStatistics Statistics { get; }

    /// <summary>The memory that the version takes, as it was measured when it was loaded; null when it could not be measured, since other models came or went meanwhile. Bytes.</summary>
    public long? MemoryBytes { get; internal set; }

    /// <summary>Requests that are accepted and not yet executing.</summary>
    public int QueuedRequests => Load.Requests;

    /// <summary>What the version has to do now; those that wait for another one's answer are among those that wait.</summary>
    public SchedulerLoad Load => Scheduler.ReadLoad() + new SchedulerLoad(Cache?.WaitingRequests ?? 0, 0, 0, 0, 0, 0);

    /// <summary>The part of their time for which its instances have been busy lately, from 0 to 1; 0 for an ensemble, whose models have instances of their own.</summary>
    /// <param name="load">What it has to do now.</param>
    public double ReadSaturation(in SchedulerLoad load) => _busyShare.Read(Statistics.BusyDuration + _time.GetElapsedTime(0, load.RunningTicks), load.Lanes);

    /// <summary>For how long requests have waited and no instance has taken one: where that is long, none of them comes back. Zero while none waits.</summary>
    public TimeSpan ReadStall() => _time.GetElapsedTime(0, Scheduler.ReadLoad().StalledTicks);

    /// <summary>The counters of now. The caller holds a lease, or the version may be freed meanwhile.</summary>
    internal ModelStatisticsReport ReadStatistics() => Statistics.MakeReport(Name, Version) with { Memory = _backendModel.Memory };

    /// <summary>What the backend itself says of the memory that the version takes.</summary>
    internal ImmutableArray<ModelMemory> ReportedMemory => _backendModel.Memory;

    /// <summary>True while somebody holds a lease.</summary>
    internal bool IsInUse => Volatile.Read(ref _count) > 1;

    /// <summary>When the last lease was given back, as a timestamp.</summary>
    internal long IdleSince => Volatile.Read(ref _idleSince);

    /// <summary>What is to be done as soon as nobody holds a lease; it may be done once more than that. Null for nothing.</summary>
    internal Action? OnIdle
    {
        set => _onIdle = value;
    }

    internal RequestValidator Validator { get; }

    /// <summary>Reads which sequence a request belongs to; null for a model whose requests are independent of one another.</summary>
    internal SequenceStepReader? Steps { get; }

    /// <summary>True when requests follow one another here, so that one that has begun a sequence is followed by others.</summary>
    internal bool KeepsSequences => Config.SequenceBatching is { IsIterative: false };

    /// <summary>How many sequences there are; null for a model whose requests are independent of one another.</summary>
    public SequenceCounts? Sequences => (Scheduler as SequenceScheduler)?.Counts;

    /// <summary>True when a further request of the sequence would be taken.</summary>
    internal bool HasSequence(SequenceId id) => Scheduler is SequenceScheduler sequences && sequences.Has(id);

    internal IModelScheduler Scheduler { get; }

    /// <summary>What stands in front of the scheduler and keeps answers; null when none are kept.</summary>
    internal ModelCache? Cache { get; init; }

    /// <summary>What stands for the version in the keys of answers that depend on it.</summary>
    internal VersionSeed Seed { get; init; } = VersionSeed.None;

    /// <summary>True when the answers of the version are kept.</summary>
    public bool KeepsResponses => Cache is not null;

    /// <summary>The instances that get no requests; they belong to the version.</summary>
    internal IReadOnlyList<IModelInstance> PassiveInstances { get; init; } = [];

    /// <summary>Makes one more lane, which belongs to the caller until the scheduler has taken it over; null where there are no lanes.</summary>
    internal Func<LaneWish, InstanceRunner>? MakeLane { get; init; }

    /// <summary>Another configuration holds, which makes the same answers. The caller holds a lease.</summary>
    internal void Tune(ModelConfig config, LaneSchedulerSetup rules, IReadOnlyCollection<InstanceRunner> added, IReadOnlyCollection<InstanceRunner> retired)
    {
        Scheduler.Retune(rules, added, retired);
        _config = config;
    }

    /// <summary>Another policy chooses the versions now, this one still among them: its configuration shows so.</summary>
    internal void ChangePolicy(VersionPolicy policy) => _config = _config.With(policy);

    /// <summary>Counts one more user; false when the version is being unloaded.</summary>
    internal bool TryAcquire()
    {
        var count = Volatile.Read(ref _count);
        while (count > 0)
        {
            var seen = Interlocked.CompareExchange(ref _count, count + 1, count);
            if (seen == count)
            {
                return true;
            }

            count = seen;
        }

        return false;
    }

    /// <summary>Counts one user less.</summary>
    internal void Release()
    {
        var left = Interlocked.Decrement(ref _count);
        if (left == 0)
        {
            _drained.TrySetResult();
        }
        else if (left == 1)
        {
            Volatile.Write(ref _idleSince, _time.GetTimestamp());
            _onIdle?.Invoke();
        }
    }

    /// <summary>Unloads the version, however long those who use it take.</summary>
    internal async Task UnloadAsync()
    {
        await DrainAsync().ConfigureAwait(false);
        await FreeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Begins the unload: nobody new gets in, and those who are in finish. The version must be out of the catalog already.
    /// </summary>
    /// <returns>Ends when nobody uses the version any more and <see cref="FreeAsync"/> may be called.</returns>
    internal Task DrainAsync()
    {
        Scheduler.BeginDrain();
        Release();
        return _drained.Task;
    }

    /// <summary>Gives up the sequences that have no request: the listeners are closed, and none can come.</summary>
    internal void GiveUpSequences() => (Scheduler as SequenceScheduler)?.EndIdle();

    /// <summary>Ends the lanes and frees the weights of a version that nobody uses.</summary>
    internal async Task FreeAsync()
    {
        try
        {
            await Scheduler.StopAsync().ConfigureAwait(false);
        }
        finally
        {
            Cache?.Forget();
            foreach (var instance in PassiveInstances)
            {
                instance.Dispose();
            }

            _backendModel.Dispose();
        }
    }
}

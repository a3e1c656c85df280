using System.Collections.Immutable;
using System.Threading.Channels;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Residency;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// The one writer of what is loaded. Events go in: a wanted set, a load that ended, an unload that ended. After those that are there by now,
/// the transition policy says what to begin next, and a new <see cref="ServingSnapshot"/> is published.
/// </summary>
internal sealed class ModelManager : IModelStatusSource, IDisposable
{
    private readonly ModelCatalog _catalog;
    private readonly LifecycleWork _work;
    private readonly ILogger<ModelManager> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<LifecycleEvent> _events = Channel.CreateUnbounded<LifecycleEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource _firstSettled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Incarnation> _incarnations = [];
    private readonly ModelHistory _history = new();
    private readonly Residents _residents;
    private readonly LifecycleWaiters _waiters;
    private readonly EnsembleWatch _ensembles;
    private readonly LoadReport _report;
    private readonly TimeProvider _time;
    private volatile ImmutableSortedDictionary<string, AspiredModel> _aspired = ImmutableSortedDictionary.Create<string, AspiredModel>(StringComparer.Ordinal);
    private volatile StatusList _statuses = new([]);
    private Task _loop = Task.CompletedTask;
    private long _nextId;
    private bool _isStopping;
    private bool _isClean = true;

    public ModelManager(ModelCatalog catalog, IModelLoader loader, IMemoryMeter meter, TimeProvider time, CoreOptions options, ILogger<ModelManager> logger)
    {
        _catalog = catalog;
        _logger = logger;
        _time = time;
        _work = new LifecycleWork(loader, _events.Writer, Counts, new LoadMeasurement(meter, catalog, time), time, options, logger);
        _residents = new Residents(options.Residency, time, () => _events.Writer.TryWrite(new LifecycleEvent.MemoryLookedAt()));
        _report = new LoadReport(Counts, logger);
        _ensembles = new EnsembleWatch(logger);
        _waiters = new LifecycleWaiters(_residents, _ensembles);
    }

    public ImmutableArray<ModelStatus> Statuses => _statuses.Items;

    public ImmutableArray<ModelLoadCount> LoadCounts => Counts.Read();

    public ImmutableArray<ModelResidencyCount> ResidencyCounts => _residents.Counts.Read();

    /// <summary>Where loads are counted.</summary>
    public LoadCounts Counts { get; } = new();

    public Task FirstSettled => _firstSettled.Task;

    /// <summary>The files that came with requests, which go when nothing uses them any more.</summary>
    public OverrideFolders? Overrides { get; init; }

    /// <summary>What is wanted as of the last step, by name.</summary>
    public IReadOnlyDictionary<string, AspiredModel> Aspired => _aspired;

    /// <summary>Starts the loop.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Says what should serve from now on.</summary>
    public void Aspire(ImmutableArray<AspiredModel> models) => _events.Writer.TryWrite(new LifecycleEvent.Aspired(models));

    /// <summary>Wants a model, beside all others, and waits until all its versions serve or have failed.</summary>
    /// <returns>Null when all serve, or else why not. What served before goes on serving then.</returns>
    public Task<LoadFailure?> LoadAsync(AspiredModel model)
    {
        var ticket = new LoadTicket(model);
        if (!_events.Writer.TryWrite(new LifecycleEvent.LoadRequested(ticket)))
        {
            ticket.End(LifecycleWaiters.Stopping);
        }

        return ticket.Outcome;
    }

    /// <summary>Wants a model no longer. Ends when no new request gets to it; those that it has are finished after that.</summary>
    public Task UnloadAsync(string name)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_events.Writer.TryWrite(new LifecycleEvent.UnloadRequested(name, begun)))
        {
            begun.TrySetResult();
        }

        return begun.Task;
    }

    /// <summary>A request waits for a model that is loaded on demand: it is loaded, unless that is under way already.</summary>
    public void Demand(ColdStart start)
    {
        if (!_events.Writer.TryWrite(new LifecycleEvent.Demanded(start)))
        {
            start.Fail(InferenceErrors.ServerStopping());
        }
    }

    /// <summary>
    /// Unloads everything and ends the loop. Loads that are running are cancelled; what is in flight is waited for.
    /// </summary>
    /// <returns>False when a version had to be abandoned because its requests did not end in time.</returns>
    public async Task<bool> StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Aspire([]);
        await using (_work.GiveUpLater())
        {
            await _loop.ConfigureAwait(false);
        }

        await _work.Erased.ConfigureAwait(false);
        return _isClean;
    }

    public void Dispose()
    {
        _residents.Dispose();
        _stopping.Dispose();
        _work.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (await _events.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                // All that has happened by now counts as one step: a thousand loads that end together make a handful of snapshots.
                while (_events.Reader.TryRead(out var next))
                {
                    Apply(next);
                }

                var leaving = BeginTransitions();
                var loading = Settle(leaving);
                Publish();
                Answer();

                // By now the models of its steps can be found that an ensemble is held against.
                loading.ForEach(_work.BeginLoad);

                // Out of the catalog first: until then a request would find a version that lets nobody in.
                foreach (var incarnation in leaving)
                {
                    _work.BeginUnload(incarnation, incarnation.Served!);
                }

                if (_isStopping && _incarnations.Count == 0)
                {
                    End();
                    return;
                }
            }
        }
        catch (Exception exception)
        {
            // Without this loop nothing is loaded or unloaded any more: say so, and let those who wait for it fail too.
            LifecycleLog.LoopFailed(_logger, exception);
            _firstSettled.TrySetException(exception);
            End();
            throw;
        }
    }

    private void Apply(LifecycleEvent next)
    {
        switch (next)
        {
            case LifecycleEvent.Aspired aspired:
                var before = _aspired;
                _aspired = aspired.Models.ToImmutableSortedDictionary(static model => model.Name, static model => model, StringComparer.Ordinal);
                _isStopping = _stopping.IsCancellationRequested;
                _report.Refused(before, aspired.Models);
                break;
            case LifecycleEvent.LoadRequested { Ticket: var ticket }:
                if (_isStopping)
                {
                    ticket.End(LifecycleWaiters.Stopping);
                    break;
                }

                // Whoever asks again wants another try, not the old answer.
                Forget(incarnation => incarnation.ModelName == ticket.Model.Name && incarnation.State == ModelState.Failed);
                _aspired = _aspired.SetItem(ticket.Model.Name, ticket.Model);
                _waiters.Add(ticket);
                Overrides?.HandOver(ticket.Model.Folder?.Path);

                // Whoever loads a model wants to see that it can be.
                _residents.Demand(ticket.Model.Name);
                break;
            case LifecycleEvent.Demanded { Start: var start }:
                var failures = _incarnations.FindAll(incarnation => incarnation.ModelName == start.Model && incarnation.State == ModelState.Failed);
                if (_residents.Demand(start, failures))
                {
                    Forget(failures.Contains);
                }

                break;
            case LifecycleEvent.UnloadRequested { Name: var name } request:
                _aspired = _aspired.Remove(name);
                _waiters.Add(request.Begun);
                break;
            case LifecycleEvent.WarmupBegan warming:
                warming.Incarnation.BeginWarmup();
                break;
            case LifecycleEvent.LoadEnded { Result.IsTuned: true } tuned when tuned.Incarnation.TrySucceed():
                _residents.Note(tuned.Incarnation, _incarnations);
                break;
            case LifecycleEvent.LoadEnded { Result.IsTuned: true } overtaken:
                Apply(overtaken with { Result = ModelLoadResult.Cancelled });
                break;
            case LifecycleEvent.LoadEnded { Result.NeedsLoad: true } untuned:
                untuned.Incarnation.AwaitLoad(_residents.Estimate(untuned.Incarnation.ModelName, untuned.Incarnation.Source));
                break;
            case LifecycleEvent.LoadEnded { Result.Served: { } served } loaded:
                loaded.Incarnation.Serve(served, loaded.Duration);
                _history.Remove(loaded.Incarnation);
                _residents.Note(loaded.Incarnation, _incarnations);
                Counts.Succeed(served.Name);
                LifecycleLog.Ready(_logger, served.Name, served.Version, loaded.Duration.TotalMilliseconds);
                break;
            case LifecycleEvent.LoadEnded failed:
                failed.Incarnation.Fail(failed.Result.Reason, failed.Duration);
                _residents.Note(failed.Incarnation, _incarnations);
                if (failed.Result.IsCancelled)
                {
                    // It may be wanted again by now, and is loaded anew then.
                    Forget(incarnation => incarnation == failed.Incarnation);
                    LifecycleLog.LoadCancelled(_logger, failed.Incarnation.ModelName, failed.Incarnation.Source.Number);
                }
                else if (!_isStopping)
                {
                    _report.Failed(failed.Incarnation, failed.Result.Reason);
                }

                break;
            case LifecycleEvent.UnloadEnded unloaded:
                unloaded.Incarnation.EndUnload();

                // What a version left behind long ago is no matter of how the process ends.
                _isClean &= unloaded.IsFreed || !_isStopping;
                break;
        }

        // What failed stays among the living while it is wanted: it is not tried again by itself.
        Forget(incarnation => incarnation.State == ModelState.Unloaded || (incarnation.State == ModelState.Failed && !IsWanted(incarnation)));
        _history.Forgive(_aspired.ContainsKey);
        _residents.Retain(_aspired);
    }

    private void Forget(Predicate<Incarnation> which) => _history.Take(_incarnations, which);

    /// <summary>Tells those who wait what has come of their requests, once clients can see it too.</summary>
    private void Answer()
    {
        _waiters.Answer(_aspired, _incarnations);
        if (Overrides is { IsEmpty: false } overrides)
        {
            _work.BeginErase(overrides, [.. _incarnations.Select(static incarnation => incarnation.Source.Folder.Path), .. _aspired.Values.Select(static model => model.Folder?.Path).OfType<string>()]);
        }
    }

    /// <summary>Lets nobody wait for a loop that has ended.</summary>
    private void End()
    {
        _events.Writer.TryComplete();
        _waiters.End(_events.Reader);
    }

    private List<Incarnation> BeginTransitions()
    {
        var (leaving, aspired) = (new List<Incarnation>(), _aspired);
        _ensembles.Look(aspired, _incarnations, _residents);
        Forget(_ensembles.IsPast);
        var byName = _incarnations.ToLookup(static incarnation => incarnation.ModelName, StringComparer.Ordinal);
        foreach (var name in aspired.Keys.Union(byName.Select(static group => group.Key), StringComparer.Ordinal).ToArray())
        {
            var model = aspired.GetValueOrDefault(name);
            var known = byName[name].ToArray();

            // A configuration that cannot be read takes nothing down: what serves goes on serving until the file is mended.
            var wanted = model is null || _residents.IsAsleep(model) ? []
                : model.Problem is null ? _ensembles.Wanted(model, known)
                : known.Where(static incarnation => incarnation.State == ModelState.Ready).Select(static incarnation => (incarnation.Source.Number, incarnation.Source.Fingerprint)).ToArray();
            foreach (var incarnation in known)
            {
                if (incarnation.State == ModelState.Ready && model?.Versions.FirstOrDefault(incarnation.IsOf) is { } version)
                {
                    incarnation.Adopt(version);
                }
            }

            var statuses = known.Select(_ensembles.StatusOf).ToArray();
            foreach (var version in TransitionPolicy.ToLoad(statuses, wanted).ToArray())
            {
                // One change of a version at a time; the next begins when that has ended, which is an event.
                if (!Array.Exists(known, incarnation => incarnation.Source.Number == version.Number && incarnation.IsSucceeding))
                {
                    BeginLoad(name, _ensembles.Resolve(model!, version), known);
                }
            }

            var outgoing = TransitionPolicy.ToUnload(statuses, wanted).Select(static status => status.Id).ToHashSet();
            foreach (var incarnation in known.Where(incarnation => outgoing.Contains(incarnation.Id) || _ensembles.IsBroken(incarnation, known)).ToArray())
            {
                incarnation.BeginUnload();
                leaving.Add(incarnation);
            }

            foreach (var incarnation in known)
            {
                // A load that nobody waits for any more must not hold up others, as far as it can be ended.
                var isWanted = wanted.Contains((incarnation.Source.Number, _ensembles.StatusOf(incarnation).Fingerprint));
                if (incarnation.State == ModelState.New && !isWanted)
                {
                    _incarnations.Remove(incarnation);
                }
                else if (incarnation.State is ModelState.Loading or ModelState.Warming && model is not { Problem: not null } && !isWanted)
                {
                    incarnation.CancelLoad();
                }
            }
        }

        return leaving;
    }

    private void BeginLoad(string name, AspiredVersion version, Incarnation[] known)
    {
        var incarnation = new Incarnation(_nextId++, name, version with { Statistics = _residents.Remember(name, version)?.Statistics }, _time, _stopping.Token);
        _incarnations.Add(incarnation);
        var serving = known.LastOrDefault(other => other.State == ModelState.Ready && other.Source.Number == version.Number);
        if (serving?.Source.FilesFingerprint == version.FilesFingerprint)
        {
            _work.BeginTuning(incarnation, serving);
            return;
        }

        // It begins as soon as there is room for it, which is at once where no budget is set.
        incarnation.Bytes = _residents.Estimate(name, version);
    }

    /// <summary>Sees to the memory: has models leave, refuses the loads for which there can be no room, and gives back those for which there is.</summary>
    private List<Incarnation> Settle(List<Incarnation> leaving)
    {
        // Who has waited gets in first: a model must not leave before those were served for whom it was loaded.
        _residents.Reserve(_incarnations);
        var decision = _residents.Decide(_incarnations, _aspired);
        foreach (var (id, reason) in decision.Refuse)
        {
            var incarnation = Find(id);
            incarnation.Fail(reason, TimeSpan.Zero);
            _residents.Note(incarnation, _incarnations);
            _report.Failed(incarnation, reason);
        }

        var loading = decision.Start.Select(Find).ToList();
        loading.ForEach(static incarnation => incarnation.BeginLoad());

        foreach (var (model, reason) in decision.Evict)
        {
            _residents.Evict(model, reason);
            LifecycleLog.Evicted(_logger, model, reason);
        }

        if (!decision.Evict.IsEmpty)
        {
            leaving.AddRange(BeginTransitions());
        }

        _residents.Watch(decision, _incarnations);
        return loading;
    }

    private Incarnation Find(long id) => _incarnations.First(incarnation => incarnation.Id == id);

    private void Publish()
    {
        _catalog.Publish(LifecycleView.Snapshot(_aspired, _incarnations, _history, _residents, _ensembles));
        _statuses = new StatusList(LifecycleView.Statuses(_aspired, _incarnations, _history, _residents, _ensembles));
        if (_incarnations.TrueForAll(static incarnation => incarnation.State is not (ModelState.New or ModelState.Loading or ModelState.Warming)))
        {
            _firstSettled.TrySetResult();
        }
    }

    private bool IsWanted(Incarnation incarnation) => _aspired.GetValueOrDefault(incarnation.ModelName) is { } model && model.Versions.Any(incarnation.IsOf);

    private sealed record StatusList(ImmutableArray<ModelStatus> Items);
}

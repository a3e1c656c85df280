using System.Collections.Immutable;
using System.Threading.Channels;
using InferenceServer.Core.Hosting;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// The one writer of what is loaded. Events go in: a wanted set, a load that ended, an unload that ended. After those that are there by now,
/// the transition policy says what to begin next, and a new <see cref="ServingSnapshot"/> is published.
/// </summary>
internal sealed class ModelManager : IModelStatusSource, IDisposable
{
    private readonly ModelCatalog _catalog;
    private readonly IModelLoader _loader;
    private readonly TimeProvider _time;
    private readonly TimeSpan _exitTimeout;
    private readonly ILogger<ModelManager> _logger;
    private readonly SemaphoreSlim _loadSlots;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<LifecycleEvent> _events = Channel.CreateUnbounded<LifecycleEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource _firstSettled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Incarnation> _incarnations = [];
    private ImmutableArray<AspiredModel> _aspired = [];
    private volatile StatusList _statuses = new([]);
    private Task _loop = Task.CompletedTask;
    private long _nextId;
    private bool _isStopping;
    private bool _isClean = true;

    public ModelManager(ModelCatalog catalog, IModelLoader loader, TimeProvider time, CoreOptions options, ILogger<ModelManager> logger)
    {
        _catalog = catalog;
        _loader = loader;
        _time = time;
        _exitTimeout = options.ExitTimeout;
        _logger = logger;
        _loadSlots = new SemaphoreSlim(options.ModelLoadThreads);
    }

    public ImmutableArray<ModelStatus> Statuses => _statuses.Items;

    public Task FirstSettled => _firstSettled.Task;

    /// <summary>Starts the loop.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Says what should serve from now on.</summary>
    public void Aspire(ImmutableArray<AspiredModel> models) => _events.Writer.TryWrite(new LifecycleEvent.Aspired(models));

    /// <summary>
    /// Unloads everything and ends the loop. Loads that are running are cancelled; what is in flight is waited for.
    /// </summary>
    /// <returns>False when a version had to be abandoned because its requests did not end in time.</returns>
    public async Task<bool> StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Aspire([]);
        await _loop.ConfigureAwait(false);
        return _isClean;
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _loadSlots.Dispose();
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
                Publish();

                // Out of the catalog first: until then a request would find a version that lets nobody in.
                foreach (var incarnation in leaving)
                {
                    _ = Task.Run(() => UnloadAsync(incarnation, incarnation.Served!));
                }

                if (_isStopping && _incarnations.Count == 0)
                {
                    return;
                }
            }
        }
        catch (Exception exception)
        {
            // Without this loop nothing is loaded or unloaded any more: say so, and let those who wait for it fail too.
            LifecycleLog.LoopFailed(_logger, exception);
            _firstSettled.TrySetException(exception);
            throw;
        }
    }

    private void Apply(LifecycleEvent next)
    {
        switch (next)
        {
            case LifecycleEvent.Aspired aspired:
                _aspired = aspired.Models;
                _isStopping = _stopping.IsCancellationRequested;
                foreach (var model in aspired.Models)
                {
                    if (model.Problem is not null)
                    {
                        LifecycleLog.ModelRefused(_logger, model.Name, model.Problem);
                    }
                }

                break;
            case LifecycleEvent.WarmupBegan warming:
                warming.Incarnation.BeginWarmup();
                break;
            case LifecycleEvent.LoadEnded { Result.Served: { } served } loaded:
                loaded.Incarnation.Serve(served, loaded.Duration);
                LifecycleLog.Ready(_logger, served.Name, served.Version, loaded.Duration.TotalMilliseconds);
                break;
            case LifecycleEvent.LoadEnded failed:
                failed.Incarnation.Fail(failed.Result.Reason, failed.Duration);
                if (!_isStopping)
                {
                    LifecycleLog.LoadFailed(_logger, failed.Incarnation.ModelName, failed.Incarnation.Source.Number, failed.Result.Reason);
                }

                break;
            case LifecycleEvent.UnloadEnded unloaded:
                unloaded.Incarnation.EndUnload();
                _isClean &= unloaded.IsFreed;
                break;
        }

        // What failed stays known while it is wanted, so that its reason can be read.
        _incarnations.RemoveAll(incarnation => incarnation.State == ModelState.Unloaded
            || (incarnation.State == ModelState.Failed && !IsWanted(incarnation)));
    }

    private List<Incarnation> BeginTransitions()
    {
        var leaving = new List<Incarnation>();
        var aspired = _aspired.ToDictionary(static model => model.Name, StringComparer.Ordinal);
        var byName = _incarnations.ToLookup(static incarnation => incarnation.ModelName, StringComparer.Ordinal);
        foreach (var name in aspired.Keys.Union(byName.Select(static group => group.Key), StringComparer.Ordinal).ToArray())
        {
            var model = aspired.GetValueOrDefault(name);
            var known = byName[name].ToArray();

            // A configuration that cannot be read takes nothing down: what serves goes on serving until the file is mended.
            var wanted = model is { Problem: not null }
                ? known.Where(static incarnation => incarnation.State == ModelState.Ready).Select(static incarnation => (incarnation.Source.Number, incarnation.Source.Fingerprint)).ToArray()
                : model?.Versions.Select(static version => (version.Number, version.Fingerprint)).ToArray() ?? [];
            var statuses = known.Select(static incarnation => incarnation.Status).ToArray();
            foreach (var version in TransitionPolicy.ToLoad(statuses, wanted).ToArray())
            {
                BeginLoad(name, model!.Versions.First(candidate => candidate.Number == version.Number && candidate.Fingerprint == version.Fingerprint));
            }

            foreach (var status in TransitionPolicy.ToUnload(statuses, wanted).ToArray())
            {
                var incarnation = known.First(incarnation => incarnation.Id == status.Id);
                incarnation.BeginUnload();
                leaving.Add(incarnation);
            }
        }

        return leaving;
    }

    private void BeginLoad(string name, AspiredVersion version)
    {
        var incarnation = new Incarnation(_nextId++, name, version);
        incarnation.BeginLoad();
        _incarnations.Add(incarnation);
        _ = Task.Run(() => LoadAsync(incarnation));
    }

    private async Task LoadAsync(Incarnation incarnation)
    {
        var result = ModelLoadResult.Failed("the server is stopping");
        var started = _time.GetTimestamp();
        try
        {
            await _loadSlots.WaitAsync(_stopping.Token).ConfigureAwait(false);
            try
            {
                started = _time.GetTimestamp();
                LifecycleLog.Loading(_logger, incarnation.ModelName, incarnation.Source.Number);
                result = await _loader.LoadAsync(
                    incarnation.ModelName, incarnation.Source, () => _events.Writer.TryWrite(new LifecycleEvent.WarmupBegan(incarnation)), _stopping.Token).ConfigureAwait(false);
            }
            finally
            {
                _loadSlots.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops: the reason set above says so.
        }

        _events.Writer.TryWrite(new LifecycleEvent.LoadEnded(incarnation, result, _time.GetElapsedTime(started)));
    }

    private async Task UnloadAsync(Incarnation incarnation, ServedModel served)
    {
        var isFreed = false;
        try
        {
            isFreed = await served.UnloadAsync(_exitTimeout, _time).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // A backend that fails to free its memory must not keep the loop, and with it the process, waiting.
            LifecycleLog.UnloadThrew(_logger, exception, served.Name, served.Version);
            _events.Writer.TryWrite(new LifecycleEvent.UnloadEnded(incarnation, false));
            return;
        }

        if (isFreed)
        {
            LifecycleLog.Unloaded(_logger, served.Name, served.Version);
        }
        else
        {
            LifecycleLog.DrainTimedOut(_logger, served.Name, served.Version);
        }

        _events.Writer.TryWrite(new LifecycleEvent.UnloadEnded(incarnation, isFreed));
    }

    private void Publish()
    {
        var byName = _incarnations.ToLookup(static incarnation => incarnation.ModelName, StringComparer.Ordinal);
        _catalog.Publish(new ServingSnapshot(_aspired.Select(static model => model.Name)
            .Union(byName.Select(static group => group.Key), StringComparer.Ordinal)
            .Select(name => Describe(name, byName[name]))));
        _statuses = new StatusList(MakeStatuses());
        var isSettled = _incarnations.TrueForAll(static incarnation => incarnation.State is not (ModelState.New or ModelState.Loading or ModelState.Warming));
        if (isSettled)
        {
            _firstSettled.TrySetResult();
        }
    }

    private static ServedVersions Describe(string name, IEnumerable<Incarnation> incarnations)
    {
        // Of two incarnations of one number the newer serves; the older is about to drain.
        var ready = incarnations
            .Where(static incarnation => incarnation.State == ModelState.Ready)
            .GroupBy(static incarnation => incarnation.Source.Number)
            .OrderBy(static group => group.Key)
            .Select(static group => group.MaxBy(static incarnation => incarnation.Id)!.Served!)
            .ToImmutableArray();
        var others = incarnations
            .Where(static incarnation => incarnation.State != ModelState.Ready)
            .Select(static incarnation => incarnation.Source.Number)
            .Where(number => !ready.Any(served => served.Version == number))
            .Distinct()
            .ToImmutableArray();
        return new ServedVersions(name, ready, others)
        {
            IsLoading = incarnations.Any(static incarnation => incarnation.State is (ModelState.New or ModelState.Loading or ModelState.Warming)),
        };
    }

    private ImmutableArray<ModelStatus> MakeStatuses()
    {
        var refused = _aspired.Where(static model => model.Problem is not null).Select(static model => new ModelStatus
        {
            Name = model.Name,
            State = ModelState.Failed,
            Reason = model.Problem!,
        });
        var known = _incarnations.Select(static incarnation => new ModelStatus
        {
            Name = incarnation.ModelName,
            Version = incarnation.Source.Number,
            State = incarnation.State,
            Reason = incarnation.Reason,
            Backend = incarnation.Source.Config.Backend.Name,
            LoadDuration = incarnation.LoadDuration,
            Served = incarnation.Served,
        });
        return [.. refused.Concat(known).OrderBy(static status => status.Name, StringComparer.Ordinal).ThenBy(static status => status.Version)];
    }

    private bool IsWanted(Incarnation incarnation) => _aspired.Any(model => model.Name == incarnation.ModelName
        && model.Versions.Any(version => version.Number == incarnation.Source.Number && version.Fingerprint == incarnation.Source.Fingerprint));

    private sealed record StatusList(ImmutableArray<ModelStatus> Items);
}

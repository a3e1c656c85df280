using System.Threading.Channels;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Residency;
using InferenceServer.Core.Repository;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>What takes its time in the life of a version, outside of the loop: loads, unloads and the deletion of files. Each load and unload ends in an event.</summary>
/// <param name="loader">Loads versions.</param>
/// <param name="events">Where the events go.</param>
/// <param name="counts">Where is counted how long they take.</param>
/// <param name="measurement">Measures what loads take.</param>
/// <param name="time">The clock.</param>
/// <param name="options">How many loads at once, how many retries, how long a drain.</param>
/// <param name="logger">Where it is told.</param>
internal sealed class LifecycleWork(IModelLoader loader, ChannelWriter<LifecycleEvent> events, LoadCounts counts, LoadMeasurement measurement, TimeProvider time, CoreOptions options, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _loadSlots = new(options.ModelLoadThreads);

    // A knob must not wait for somebody else's weights.
    private readonly SemaphoreSlim _tuningSlots = new(options.ModelLoadThreads);
    private readonly GarbageCollection _garbage = new(time);
    private int _unloads;
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when every deletion that has been begun has ended.</summary>
    public Task Erased { get; private set; } = Task.CompletedTask;

    public void BeginLoad(Incarnation incarnation) => _ = Task.Run(() => LoadAsync(incarnation));

    /// <summary>Has what serves take a configuration on, or finds that it takes a load.</summary>
    public void BeginTuning(Incarnation incarnation, Incarnation predecessor)
    {
        // What the loop may change meanwhile is looked at here, in the loop.
        incarnation.BeginTuning(predecessor);
        var (served, before) = (predecessor.Served!, predecessor.Source);
        _ = Task.Run(() => RetryAsync(incarnation, _tuningSlots, () => TuneOnceAsync(incarnation, served, before)));
    }

    public void BeginUnload(Incarnation incarnation, ServedModel served)
    {
        // What it holds while it drains is in nobody's way, and may end at any moment.
        measurement.Disturb();
        Interlocked.Increment(ref _unloads);
        _ = Task.Run(() => UnloadAsync(incarnation, served));
    }

    /// <summary>Deletes folders that nobody uses: a disk that is slow holds up nobody else. For one caller.</summary>
    /// <param name="overrides">The folders.</param>
    /// <param name="used">The paths that are in use.</param>
    public void BeginErase(OverrideFolders overrides, IReadOnlyCollection<string> used)
    {
        var (before, left) = (Erased, overrides.TakeUnused(used));
        if (left.Length > 0)
        {
            Erased = Task.Run(() => EraseAsync(overrides, left, before));
        }
    }

    /// <summary>The process is to end: from the exit timeout on, nobody who still uses a version is waited for, unless the result is disposed before.</summary>
    public ITimer GiveUpLater() => time.CreateTimer(_ => _givenUp.TrySetResult(), null, options.ExitTimeout, Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        _loadSlots.Dispose();
        _tuningSlots.Dispose();
        _garbage.Dispose();
    }

    private Task LoadAsync(Incarnation incarnation) =>
        RetryAsync(incarnation, incarnation.Source.Config.Ensemble is null ? _loadSlots : null, () => LoadOnceAsync(incarnation));

    private async Task RetryAsync(Incarnation incarnation, SemaphoreSlim? slots, Func<Task<ModelLoadResult>> tryOnce)
    {
        var result = ModelLoadResult.Cancelled;
        var started = time.GetTimestamp();
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                // An ensemble may wait for a model of its steps to be loaded, and must not take the place from it.
                await (slots?.WaitAsync(incarnation.LoadCancellation) ?? Task.CompletedTask).ConfigureAwait(false);
                ModelLoadResult tried;
                try
                {
                    started = time.GetTimestamp();
                    tried = await tryOnce().ConfigureAwait(false);
                }
                finally
                {
                    slots?.Release();
                }

                if (tried.Served is not null || tried.NeedsLoad || attempt > options.ModelLoadRetries)
                {
                    result = tried;
                    break;
                }

                LifecycleLog.LoadRetried(logger, incarnation.ModelName, incarnation.Source.Number, attempt, options.ModelLoadRetries, tried.Reason);
                await Task.Delay(PauseBefore(attempt), time, incarnation.LoadCancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops, or the version is not wanted any more: the result set above says so.
        }

        var duration = time.GetElapsedTime(started);
        if (!result.IsTuned && !result.NeedsLoad && result != ModelLoadResult.Cancelled)
        {
            counts.RecordLoad(incarnation.ModelName, result.Served is not null, duration);
        }

        events.TryWrite(new LifecycleEvent.LoadEnded(incarnation, result, duration));
    }

    private async Task<ModelLoadResult> LoadOnceAsync(Incarnation incarnation)
    {
        LifecycleLog.Loading(logger, incarnation.ModelName, incarnation.Source.Number);
        if (incarnation.Source.Config.Ensemble is not null)
        {
            // It takes no memory that could be measured.
            return await loader.LoadAsync(incarnation.ModelName, incarnation.Source, static () => { }, incarnation.LoadCancellation).ConfigureAwait(false);
        }

        return loader.Prepare(incarnation.ModelName, incarnation.Source) ?? await measurement.MeasureAsync(
            () => loader.LoadAsync(incarnation.ModelName, incarnation.Source, () => BeginWarmup(incarnation), incarnation.LoadCancellation),
            incarnation.LoadCancellation).ConfigureAwait(false);
    }

    private async Task<ModelLoadResult> TuneOnceAsync(Incarnation incarnation, ServedModel served, AspiredVersion before)
    {
        measurement.Disturb();
        return await loader.TuneAsync(served, before, incarnation.Source, () => BeginWarmup(incarnation), incarnation.LoadCancellation).ConfigureAwait(false) ?? ModelLoadResult.Untunable;
    }

    private void BeginWarmup(Incarnation incarnation) => events.TryWrite(new LifecycleEvent.WarmupBegan(incarnation));

    /// <summary>What keeps a model from being loaded for a while, such as a full memory, is given a little longer each time.</summary>
    private static TimeSpan PauseBefore(int retry) => TimeSpan.FromMilliseconds(Math.Min(10_000, 100L << Math.Min(retry - 1, 10)));

    private async Task UnloadAsync(Incarnation incarnation, ServedModel served)
    {
        var isFreed = false;
        var started = time.GetTimestamp();
        try
        {
            // Whoever is late still reads the weights: only when the process has to end is nobody waited for any more.
            var drained = Task.WhenAny(served.DrainAsync(), _givenUp.Task);
            if (!await EndsInTimeAsync(drained).ConfigureAwait(false))
            {
                LifecycleLog.DrainSlow(logger, served.Name, served.Version, options.ExitTimeout.TotalSeconds);
            }

            if (await drained.ConfigureAwait(false) == _givenUp.Task)
            {
                LifecycleLog.DrainTimedOut(logger, served.Name, served.Version);
            }
            else
            {
                measurement.Disturb();
                await served.FreeAsync().ConfigureAwait(false);
                measurement.Disturb();
                isFreed = true;
                counts.RecordUnload(served.Name, time.GetElapsedTime(started));
                LifecycleLog.Unloaded(logger, served.Name, served.Version);
            }
        }
        catch (Exception exception)
        {
            // A backend that fails to free its memory must not keep the loop, and with it the process, waiting.
            LifecycleLog.UnloadThrew(logger, exception, served.Name, served.Version);
        }

        if (Interlocked.Decrement(ref _unloads) == 0)
        {
            _garbage.Ask();
        }

        events.TryWrite(new LifecycleEvent.UnloadEnded(incarnation, isFreed));
    }

    private async Task<bool> EndsInTimeAsync(Task drained)
    {
        try
        {
            await drained.WaitAsync(options.ExitTimeout, time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task EraseAsync(OverrideFolders overrides, IReadOnlyList<string> folders, Task before)
    {
        await before.ConfigureAwait(false);
        foreach (var folder in folders)
        {
            try
            {
                overrides.Erase(folder);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It is tried again with the rest when the process ends; nothing uses it by then.
                LifecycleLog.OverrideNotDeleted(logger, exception);
            }
        }
    }
}

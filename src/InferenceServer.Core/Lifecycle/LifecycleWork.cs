using System.Threading.Channels;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Repository;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Lifecycle;

/// <summary>What takes its time in the life of a version, outside of the loop: loads, unloads and the deletion of files. Each load and unload ends in an event.</summary>
/// <param name="loader">Loads versions.</param>
/// <param name="events">Where the events go.</param>
/// <param name="time">The clock.</param>
/// <param name="options">How many loads at once, how many retries, how long a drain.</param>
/// <param name="logger">Where it is told.</param>
internal sealed class LifecycleWork(IModelLoader loader, ChannelWriter<LifecycleEvent> events, TimeProvider time, CoreOptions options, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _loadSlots = new(options.ModelLoadThreads);
    private int _unloads;
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when every deletion that has been begun has ended.</summary>
    public Task Erased { get; private set; } = Task.CompletedTask;

    public void BeginLoad(Incarnation incarnation)
    {
        // What the loop may change meanwhile is looked at here, in the loop.
        var before = incarnation.Predecessor is { Served: { } served } predecessor ? (served, predecessor.Source) : default((ServedModel Served, AspiredVersion Source)?);
        _ = Task.Run(() => LoadAsync(incarnation, before));
    }

    public void BeginUnload(Incarnation incarnation, ServedModel served)
    {
        Interlocked.Increment(ref _unloads);
        _ = Task.Run(() => UnloadAsync(incarnation, served));
    }

    /// <summary>Deletes folders that nobody uses: a disk that is slow holds up nobody else. For one caller.</summary>
    public void BeginErase(OverrideFolders overrides, IReadOnlyList<string> folders)
    {
        var before = Erased;
        Erased = Task.Run(() => EraseAsync(overrides, folders, before));
    }

    /// <summary>The process is to end: from the exit timeout on, nobody who still uses a version is waited for, unless the result is disposed before.</summary>
    public ITimer GiveUpLater() => time.CreateTimer(_ => _givenUp.TrySetResult(), null, options.ExitTimeout, Timeout.InfiniteTimeSpan);

    public void Dispose() => _loadSlots.Dispose();

    private async Task LoadAsync(Incarnation incarnation, (ServedModel Served, AspiredVersion Source)? before)
    {
        var result = ModelLoadResult.Cancelled;
        var started = time.GetTimestamp();
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                await _loadSlots.WaitAsync(incarnation.LoadCancellation).ConfigureAwait(false);
                ModelLoadResult tried;
                try
                {
                    started = time.GetTimestamp();
                    tried = await TuneAsync(incarnation, before).ConfigureAwait(false) ?? await LoadOnceAsync(incarnation).ConfigureAwait(false);
                }
                finally
                {
                    _loadSlots.Release();
                }

                if (tried.Served is not null || attempt > options.ModelLoadRetries)
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

        events.TryWrite(new LifecycleEvent.LoadEnded(incarnation, result, time.GetElapsedTime(started)));
    }

    private Task<ModelLoadResult> LoadOnceAsync(Incarnation incarnation)
    {
        LifecycleLog.Loading(logger, incarnation.ModelName, incarnation.Source.Number);
        return loader.LoadAsync(incarnation.ModelName, incarnation.Source, () => BeginWarmup(incarnation), incarnation.LoadCancellation);
    }

    private async Task<ModelLoadResult?> TuneAsync(Incarnation incarnation, (ServedModel Served, AspiredVersion Source)? before) => before is var (served, source)
        ? await loader.TuneAsync(served, source, incarnation.Source, () => BeginWarmup(incarnation), incarnation.LoadCancellation).ConfigureAwait(false)
        : null;

    private void BeginWarmup(Incarnation incarnation) => events.TryWrite(new LifecycleEvent.WarmupBegan(incarnation));

    /// <summary>What keeps a model from being loaded for a while, such as a full memory, is given a little longer each time.</summary>
    private static TimeSpan PauseBefore(int retry) => TimeSpan.FromMilliseconds(Math.Min(10_000, 100L << Math.Min(retry - 1, 10)));

    private async Task UnloadAsync(Incarnation incarnation, ServedModel served)
    {
        var isFreed = false;
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
                await served.FreeAsync().ConfigureAwait(false);
                isFreed = true;
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
            // What a model has left on the managed heap is little, and the runtime may wait for hundreds of megabytes before it looks. It looks in the background.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
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

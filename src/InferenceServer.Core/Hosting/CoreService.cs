using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Hosting;

/// <summary>
/// Ties the core to the process's life. Starting returns at once, so that the ports open while models load; stopping comes after the
/// listeners have drained, and unloads every model.
/// </summary>
internal sealed class CoreService(
    ModelRepositoryControl repository,
    IReadOnlyList<IBackend> backends,
    ModelManager manager,
    ServerPhase phase,
    CoreOptions options,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<CoreService> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _polling = new();
    private CancellationTokenRegistration _stopping;
    private Task _scanning = Task.CompletedTask;

    /// <summary>The mirrors of remote repositories.</summary>
    public required RepositoryMirrors Mirrors { get; init; }

    /// <summary>Follows the repositories; null when they are looked at once.</summary>
    public RepositoryPoller? Poller { get; init; }

    /// <summary>Reads the aliases.</summary>
    public required AliasFileFollower Aliases { get; init; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _stopping = lifetime.ApplicationStopping.Register(options.DrainDelay > TimeSpan.Zero ? phase.BeginLeave : phase.BeginStop);
        manager.Start();
        _scanning = Task.Run(() => TryAsync(ScanAsync), CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whoever sends requests here has to learn that the server is not ready before it refuses them: the listeners stay open meanwhile.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (options.DrainDelay > TimeSpan.Zero)
        {
            LifecycleLog.Leaving(logger, options.DrainDelay.TotalSeconds);
            await Task.Delay(options.DrainDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        phase.BeginStop();
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.DisposeAsync().ConfigureAwait(false);
        await _polling.CancelAsync().ConfigureAwait(false);
        await Mirrors.StopAsync().ConfigureAwait(false);

        // The listeners have stopped before this. When the token is cancelled by now, they had to break off requests to do so.
        var isTimeOver = cancellationToken.IsCancellationRequested;
        if (isTimeOver)
        {
            LifecycleLog.ExitTimedOut(logger);
        }

        if (!await StopModelsAsync().ConfigureAwait(false) || isTimeOver)
        {
            Environment.ExitCode = 1;
        }
    }

    public void Dispose() => _polling.Dispose();

    private async Task<bool> StopModelsAsync()
    {
        try
        {
            // Nothing else is wanted from now on.
            await _scanning.WaitAsync(options.ExitTimeout, time).ConfigureAwait(false);
            foreach (var status in manager.Statuses)
            {
                // Nobody could send what they wait for.
                status.Served?.GiveUpSequences();
            }

            var isClean = await manager.StopAsync().WaitAsync(options.ExitTimeout, time).ConfigureAwait(false);
            foreach (var backend in backends.OfType<IDisposable>())
            {
                backend.Dispose();
            }

            return isClean;
        }
        catch (TimeoutException)
        {
            // A load that hangs in the engine or on a dead disk cannot be cancelled; it ends with the process.
            LifecycleLog.StopTimedOut(logger);
            return false;
        }
    }

    private async Task ScanAsync()
    {
        if (Poller is not null)
        {
            var follow = await Mirrors.BeginFollowingAsync(options.RepositoryPollInterval, _polling.Token).ConfigureAwait(false);

            // Each on its own: neither ends before the server stops but by failing, which is told at once.
            await Task.WhenAll(TryAsync(() => Poller.RunAsync(_polling.Token)), TryAsync(follow)).ConfigureAwait(false);
            return;
        }

        // Before anything is ready: the first request that is answered is routed as all others.
        Aliases.ReadOnce();
        manager.Aspire(await repository.InitialAsync(options.InitialModels, _polling.Token).ConfigureAwait(false));
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_polling.IsCancellationRequested)
        {
            // The server stops before it has found out what there is.
        }
        catch (Exception exception)
        {
            // Whatever it is, without a repository there is nothing to serve, and nobody would learn of it but from this line and the exit code.
            LifecycleLog.ScanFailed(logger, exception);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }
}

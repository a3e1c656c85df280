using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Host.Systemd;

/// <summary>
/// Tells the service manager when the first wanted models have settled, so that what is ordered after the server starts when that answers; when the server begins to stop; and, if it is
/// watched, that it lives: from the pool that requests are answered on, so that a process whose pool does nothing any more falls silent.
/// </summary>
internal sealed class ServiceNotifier(ServiceManager manager, IModelStatusSource models, IHostApplicationLifetime lifetime, TimeProvider time) : BackgroundService
{
    private ITimer? _watchdog;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(() => manager.Tell("STOPPING=1\nSTATUS=Finishing what is in flight"));
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _watchdog?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!manager.IsThere)
        {
            return;
        }

        manager.Tell("STATUS=Loading models");

        // To the very end of the process: it lives while it finishes what is in flight, too.
        _watchdog = manager.WatchdogInterval is { } interval
            ? time.CreateTimer(_ => manager.Tell("WATCHDOG=1"), null, TimeSpan.Zero, interval / 2)
            : null;
        try
        {
            await models.FirstSettled.WaitAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        var statuses = models.Statuses;
        var ready = statuses.Count(static status => status.State == ModelState.Ready);
        manager.Tell($"READY=1\nSTATUS={ready} of {statuses.Length} model versions serve");
    }
}

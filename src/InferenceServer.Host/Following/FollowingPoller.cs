using InferenceServer.Host.Security;

namespace InferenceServer.Host.Following;

/// <summary>Has everything that follows files look at them. Looking is the whole truth: no watcher tells of a link that leads elsewhere now.</summary>
internal sealed class FollowingPoller(IEnumerable<IFollowed> all, TimeProvider time, ILogger<FollowingPoller> logger) : BackgroundService
{
    /// <summary>What changes is in force after two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly IFollowed[] _all = [.. all];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_all.Length == 0)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                CheckAll();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private void CheckAll()
    {
        foreach (var one in _all)
        {
            try
            {
                one.Check();
            }
            catch (Exception exception)
            {
                // The others are looked at all the same, and this one again at the next look.
                SecurityLog.FollowingFailed(logger, exception, one.GetType().Name);
            }
        }
    }
}

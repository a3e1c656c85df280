namespace InferenceServer.Host.Listeners;

/// <summary>
/// Puts the routes together when the server starts: after what loads models has begun, which goes on meanwhile, and before the ports open. Hosted services start in the order in which they were added,
/// and the web server is the last of them.
/// </summary>
/// <param name="build">Puts them together.</param>
internal sealed class PipelineService(Action build) : IHostedService
{
    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        build();
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using InferenceServer.Host.Options;

namespace InferenceServer.Host.Security;

/// <summary>Says at start what is unsafe.</summary>
internal sealed class SafetyReporter(ServerOptions options, ILogger<SafetyReporter> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (problem, advice) in UnsafeSettings.Find(options))
        {
            SecurityLog.Unsafe(logger, problem, advice);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

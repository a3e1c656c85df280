using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Logging;
using InferenceServer.Host.Options;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace InferenceServer.Host.Startup;

/// <summary>Waits for the first wanted set of models to settle, then says what serves where; ends the process if it was told to.</summary>
internal sealed class StartupReporter(
    IModelStatusSource models,
    IServer server,
    ServerOptions options,
    IHostApplicationLifetime lifetime,
    TextWriter output,
    ILogger<StartupReporter> logger) : BackgroundService
{
    /// <summary>The addresses as a person can type them, by what they serve.</summary>
    public static Dictionary<string, string> Addresses(IServer server, ServerOptions options)
    {
        // The server lists its addresses in the order in which they were opened.
        var bound = new Queue<string>(server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []);
        var result = new Dictionary<string, string>();
        foreach (var (name, endPoint) in new[] { ("HTTP", options.Http), ("gRPC", options.Grpc), ("metrics", options.Metrics) })
        {
            if (endPoint is not null && bound.TryDequeue(out var address))
            {
                address = address.Replace("0.0.0.0", "localhost", StringComparison.Ordinal).Replace("[::]", "localhost", StringComparison.Ordinal);
                result[name] = name switch { "gRPC" => address[(address.IndexOf("://", StringComparison.Ordinal) + 3)..], "metrics" => address + "/metrics", _ => address };
            }
        }

        return result;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var folder in options.BackendFolders.Where(static folder => folder.Problem is not null))
        {
            HostLog.BrokenBackend(logger, folder.Name, folder.Path, folder.Problem!);
        }

        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var startedRegistration = lifetime.ApplicationStarted.Register(started.SetResult);
        try
        {
            await started.Task.WaitAsync(stoppingToken).ConfigureAwait(false);
            await models.FirstSettled.WaitAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        var statuses = models.Statuses;
        var failed = statuses.Count(static status => status.State == ModelState.Failed);
        if (options.Log.Format != LogFormat.Json)
        {
            await output.WriteLineAsync(StartupSummary.Make(statuses, Addresses(server, options))).ConfigureAwait(false);
        }

        HostLog.Started(logger, statuses.Length - failed, failed);
        if (failed > 0 && options.ExitOnError)
        {
            HostLog.ExitOnError(logger, failed);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }
}

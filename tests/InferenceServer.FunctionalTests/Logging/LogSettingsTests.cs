using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Inference;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Serilog.Events;
using Xunit;

namespace InferenceServer.FunctionalTests.Logging;

/// <summary>The settings of the log act upon the running server.</summary>
public sealed class LogSettingsTests
{
    private const string RequestActivity = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task VerboseLevel_ShowsWhatTheServerRefusesFromThenOn()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--http-restricted-api=metadata:x-key=1", "--allow-setting-changes=true"]);
        await GetForbiddenAsync(server);
        Assert.DoesNotContain(server.Log.Events, IsRefusal);
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/logging", """{"log_verbose_level":1}""")).Status);
        await GetForbiddenAsync(server);
        Assert.Single(server.Log.Events, IsRefusal);
        var request = new LogSettingsRequest { Settings = { ["log_verbose_level"] = new LogSettingsRequest.Types.SettingValue { Uint32Param = 0 } } };
        await server.Rpc.LogSettingsAsync(request, cancellationToken: Token);
        await GetForbiddenAsync(server);
        Assert.Single(server.Log.Events, IsRefusal);
    }

    [Fact]
    public async Task InfoSwitchedOff_LeavesOutWhatHappensFromThenOn()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--allow-setting-changes=true"]);
        Assert.Contains(server.Log.Events, static logEvent => logEvent.RenderMessage().EndsWith("is loading", StringComparison.Ordinal));
        await server.PostAsync("/v2/logging", """{"log_info":false}""");
        await server.StopAsync();
        Assert.DoesNotContain(server.Log.Events, static logEvent => logEvent.RenderMessage().EndsWith("is unloaded", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Requests_HaveNoActivityUnlessTheLibrariesDetailsAreWanted()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--allow-setting-changes=true"]);
        var activities = 0;
        EventHandler<ActivityChangedEventArgs> watch = (_, change) => Interlocked.Add(ref activities, change.Current?.OperationName == RequestActivity ? 1 : 0);
        Activity.CurrentChanged += watch;
        try
        {
            using var plain = new HttpRequestMessage(HttpMethod.Get, "/v2") { Headers = { { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } } };
            (await server.Http.SendAsync(plain, Token)).EnsureSuccessStatusCode().Dispose();
            Assert.Equal(0, Volatile.Read(ref activities));
            await server.PostAsync("/v2/logging", """{"log_verbose_level":2}""");
            (await server.Http.GetAsync("/v2", Token)).EnsureSuccessStatusCode().Dispose();
            Assert.NotEqual(0, Volatile.Read(ref activities));
            await server.PostAsync("/v2/logging", """{"log_verbose_level":0}""");
        }
        finally
        {
            Activity.CurrentChanged -= watch;
        }
    }

    [Fact]
    public async Task Format_OfTheConsoleFollows()
    {
        using var server = ServerProcess.Start("--allow-setting-changes=true", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0");
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        using var content = new StringContent("""{"log_format":"json"}""");
        (await client.PostAsync("/v2/logging", content, Token)).EnsureSuccessStatusCode().Dispose();
        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());
        var lines = server.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain('{', lines[0]);
        using var last = JsonDocument.Parse(lines[^1]);
        Assert.True(last.RootElement.TryGetProperty("@t", out _));
    }

    private static bool IsRefusal(LogEvent logEvent) => logEvent.MessageTemplate.Text.Contains("was refused", StringComparison.Ordinal);

    private static async Task GetForbiddenAsync(RunningServer server)
    {
        using var response = await server.Http.GetAsync("/v2", Token);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }
}

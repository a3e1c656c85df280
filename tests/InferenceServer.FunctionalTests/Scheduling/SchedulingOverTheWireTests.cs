using System.Net;
using System.Text.Json;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Scheduling;

/// <summary>What clients see of scheduling: deadlines as headers, refusals that say when to come again, explanations and reasons.</summary>
public sealed class SchedulingOverTheWireTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private RunningServer? _server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DeadlineHeader_ThatPassesInTheQueue_Is504()
    {
        var server = await StartAsync(delay: 60_000);
        using var leaving = new CancellationTokenSource();
        var running = SendAsync(server, """{"inputs":[{"name":"X","datatype":"INT32","shape":[1,1],"data":[1]}]}""", null, leaving.Token);
        var (status, body, _) = await SendAsync(server, """{"id":"late","inputs":[{"name":"X","datatype":"INT32","shape":[1,1],"data":[1]}]}""", "200", Token);
        Assert.Equal(HttpStatusCode.GatewayTimeout, status);
        Assert.Contains("late", body, StringComparison.Ordinal);
        Assert.Contains("deadline", body, StringComparison.Ordinal);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("1.5")]
    [InlineData("soon")]
    [InlineData("2147483648")]
    public async Task DeadlineHeader_ThatIsNoTime_Is400(string value)
    {
        var server = await StartAsync(delay: 0);
        var (status, body, _) = await SendAsync(server, """{"inputs":[{"name":"X","datatype":"INT32","shape":[1,1],"data":[1]}]}""", value, Token);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("x-request-timeout-ms", body, StringComparison.Ordinal);
        Assert.Contains(value, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeadlineThatCannotBeMet_IsRefusedWithRetryAfterOverBothProtocols()
    {
        var server = await StartAsync(delay: 3_000);

        // What one execution costs is known from the first.
        await SendAsync(server, """{"inputs":[{"name":"X","datatype":"INT32","shape":[1,1],"data":[1]}]}""", null, Token);
        var running = SendAsync(server, """{"inputs":[{"name":"X","datatype":"INT32","shape":[1,1],"data":[1]}]}""", null, Token);
        var waiting = SendAsync(server, """{"inputs":[{"name":"X","datatype":"INT32","shape":[1,1],"data":[1]}]}""", null, Token);
        await WaitForAsync(server, "nv_inference_pending_request_count{model=\"held\",version=\"1\"} 1");
        var (status, body, retryAfter) = await SendAsync(server, """{"inputs":[{"name":"X","datatype":"INT32","shape":[1,1],"data":[1]}]}""", "1000", Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("cannot be met", body, StringComparison.Ordinal);
        Assert.True(retryAfter >= TimeSpan.FromSeconds(1), $"{retryAfter}");
        var request = new ModelInferRequest
        {
            ModelName = "held",
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "INT32", Shape = { 1, 1 }, Contents = new InferTensorContents { IntContents = { 1 } } } },
        };
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelInferAsync(request, deadline: DateTime.UtcNow.AddSeconds(5), cancellationToken: Token));
        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);

        // The server's word, not the client's own: what waits takes longer than that in any case.
        Assert.Contains("cannot be met", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await running).Status);
        Assert.Equal(HttpStatusCode.OK, (await waiting).Status);
    }

    [Fact]
    public async Task Explanation_IsInTheResponseAndReasonsAreInTheStatistics()
    {
        var server = await StartAsync(delay: 0);
        var (_, body, _) = await SendAsync(server, """{"parameters":{"explain":true},"inputs":[{"name":"X","datatype":"INT32","shape":[1,1],"data":[1]}]}""", null, Token);
        using var answer = JsonDocument.Parse(body);
        var parameters = answer.RootElement.GetProperty("parameters");
        Assert.Equal(1, parameters.GetProperty("explain_batch_rows").GetInt32());
        Assert.Equal(1, parameters.GetProperty("explain_batch_requests").GetInt32());
        Assert.Equal("full", parameters.GetProperty("explain_release").GetString());
        Assert.Equal("held_0_0", parameters.GetProperty("explain_lane").GetString());
        Assert.True(parameters.GetProperty("explain_queue_us").GetInt64() >= 0);
        using var plain = JsonDocument.Parse(await server.Http.GetStringAsync("/v2/models/held/stats", Token));
        Assert.False(plain.RootElement.GetProperty("model_stats")[0].TryGetProperty("batch_releases", out _));
        using var detailed = JsonDocument.Parse(await server.Http.GetStringAsync("/v2/models/held/stats?details=true", Token));
        Assert.Equal(1, detailed.RootElement.GetProperty("model_stats")[0].GetProperty("batch_releases").GetProperty("full").GetInt64());
        var rpc = await server.Rpc.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "held", Details = true }, cancellationToken: Token);
        Assert.Equal(1ul, rpc.ModelStats[0].BatchReleases["full"]);
        Assert.Empty((await server.Rpc.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "held" }, cancellationToken: Token)).ModelStats[0].BatchReleases);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task<RunningServer> StartAsync(int delay)
    {
        _folder.Write("held/config.pbtxt", $$"""
            backend: "identity"
            max_batch_size: 1
            input [ { name: "X" data_type: TYPE_INT32 dims: [ 1 ] } ]
            output [ { name: "Y" data_type: TYPE_INT32 dims: [ 1 ] } ]
            instance_group [ { count: 1 } ]
            parameters { key: "auto_warmup" value { string_value: "false" } }
            parameters { key: "execute_delay_ms" value { string_value: "{{delay}}" } }
            """);
        Directory.CreateDirectory(Path.Combine(_folder.FullPath, "held", "1"));
        return _server = await RunningServer.StartAsync(_folder.FullPath);
    }

    private static async Task<(HttpStatusCode Status, string Body, TimeSpan? RetryAfter)> SendAsync(RunningServer server, string body, string? timeout, CancellationToken token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/held/infer") { Content = new StringContent(body) };
        if (timeout is not null)
        {
            request.Headers.TryAddWithoutValidation("x-request-timeout-ms", timeout);
        }

        using var response = await server.Http.SendAsync(request, token);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(token), response.Headers.RetryAfter?.Delta);
    }

    /// <summary>Waits until the metrics have a line that begins so.</summary>
    private static async Task WaitForAsync(RunningServer server, string line)
    {
        var patience = DateTime.UtcNow + TestTimeouts.Phase;
        while (true)
        {
            var text = await server.Http.GetStringAsync(server.MetricsAddress, Token);
            if (text.Split('\n').Any(one => one.StartsWith(line, StringComparison.Ordinal)))
            {
                return;
            }

            Assert.True(DateTime.UtcNow < patience, $"the metrics never had '{line}'");
            await Task.Delay(10, Token);
        }
    }
}

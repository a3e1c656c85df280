using System.Net;
using Grpc.Core;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>What the probes say in every state.</summary>
public sealed class ReadinessTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("true", HttpStatusCode.BadRequest)]
    [InlineData("false", HttpStatusCode.OK)]
    public async Task FailedModel_MakesTheServerUnreadyOnlyWhenStrict(string strict, HttpStatusCode expected)
    {
        using var repository = new TemporaryDirectory();
        repository.Write("broken/1/model.onnx", "this is no model"u8);
        await using var server = await RunningServer.StartAsync(repository.FullPath, expectsErrors: true, flags: $"--strict-readiness={strict}");
        using var ready = await server.Http.GetAsync("/v2/health/ready", Token);
        Assert.Equal(expected, ready.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK, (await server.Rpc.ServerReadyAsync(new Inference.ServerReadyRequest(), cancellationToken: Token)).Ready);
        using var model = await server.Http.GetAsync("/v2/models/broken/ready", Token);
        Assert.Equal(HttpStatusCode.NotFound, model.StatusCode);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelReadyAsync(new Inference.ModelReadyRequest { Name = "broken" }, cancellationToken: Token));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task EmptyRepository_IsLiveAndReady()
    {
        using var repository = new TemporaryDirectory();
        await using var server = await RunningServer.StartAsync(repository.FullPath);
        using var ready = await server.Http.GetAsync("/v2/health/ready", Token);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task RequestDuringTheStart_WaitsForItsModelInsteadOfBeingTurnedAway()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, waitForModels: false);
        var answer = await server.Over(Encodings.Json).AskAsync(new Question("digits", QuestionInput.Floats("image", [1, 1, 8, 8], new float[64])), Token);
        answer.MustSucceed();
    }

    [Fact]
    public async Task ModelWhoseInstanceHangs_IsNotReadyUntilItGoesOn()
    {
        using var repository = new TemporaryDirectory();
        foreach (var (name, more) in new[] { ("hangs", "parameters { key: \"execute_delay_ms\" value { string_value: \"3600000\" } }"), ("fine", "") })
        {
            repository.Write($"{name}/1/readme", "one version");
            repository.Write($"{name}/config.pbtxt", $"backend: \"identity\" input {{ name: \"X\" data_type: TYPE_INT32 dims: -1 }} output {{ name: \"Y\" data_type: TYPE_INT32 dims: -1 }} {more}");
        }

        await using var server = await RunningServer.StartAsync(repository.FullPath, flags: ["--stall-timeout-secs=1", "--model-auto-warmup=false"]);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var runs = AskAsync(server, patience.Token);
        await Waiting.UntilAsync(async () => (await MetricAsync(server, "inference_server_lanes_busy")) == "1");

        // Nobody waits: however long it takes, that is the model's own affair.
        Assert.Equal((HttpStatusCode.OK, true), await ProbeAsync(server));
        var waits = AskAsync(server, patience.Token);
        await Waiting.UntilAsync(async () => await ProbeAsync(server) == (HttpStatusCode.BadRequest, false));
        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelReadyAsync(new Inference.ModelReadyRequest { Name = "hangs" }, cancellationToken: Token));
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Contains("'hangs' version 1 makes no progress", error.Status.Detail, StringComparison.Ordinal);
        using (var live = await server.Http.GetAsync("/v2/health/live", Token))
        using (var fine = await server.Http.GetAsync("/v2/models/fine/ready", Token))
        using (var hangs = await server.Http.GetAsync("/v2/models/hangs/ready", Token))
        {
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (live.StatusCode, fine.StatusCode, hangs.StatusCode));
        }

        Assert.True(double.Parse((await MetricAsync(server, "inference_server_stall_seconds"))!, System.Globalization.CultureInfo.InvariantCulture) >= 1);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runs);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
        await Waiting.UntilAsync(async () => await ProbeAsync(server) == (HttpStatusCode.OK, true));
        Assert.Equal("0", await MetricAsync(server, "inference_server_stall_seconds"));
    }

    private static async Task AskAsync(RunningServer server, CancellationToken cancellationToken)
    {
        using var content = new StringContent("{\"inputs\":[{\"name\":\"X\",\"datatype\":\"INT32\",\"shape\":[1],\"data\":[7]}]}");
        using var answer = await server.Http.PostAsync("/v2/models/hangs/infer", content, cancellationToken);
    }

    private static async Task<(HttpStatusCode Http, bool Rpc)> ProbeAsync(RunningServer server)
    {
        using var ready = await server.Http.GetAsync("/v2/health/ready", Token);
        return (ready.StatusCode, (await server.Rpc.ServerReadyAsync(new Inference.ServerReadyRequest(), cancellationToken: Token)).Ready);
    }

    private static async Task<string?> MetricAsync(RunningServer server, string family)
    {
        using var client = new HttpClient();
        var text = await client.GetStringAsync(new Uri(server.MetricsAddress), Token);
        return text.Split('\n').FirstOrDefault(line => line.StartsWith(family + "{model=\"hangs\",version=\"1\"}", StringComparison.Ordinal))?.Split(' ')[^1];
    }
}

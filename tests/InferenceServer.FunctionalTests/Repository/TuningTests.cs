using System.Net;
using System.Text.Json;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Repository;

/// <summary>Configurations that change while clients ask: how many instances run, how requests are batched, or nothing but the spelling.</summary>
public sealed class TuningTests : IDisposable
{
    private readonly TemporaryDirectory _repository = new();

    public TuningTests() => _repository.Write("m/1/model.onnx", ScaledModel.Of(3));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task LoadByRequest_ReturnsWhenTheNewValuesHold_AndNobodyNotices()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--model-control-mode=explicit", "--load-model=m"]);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asking = Enumerable.Range(0, 4).Select(_ => AskAsync(server, ending.Token)).ToArray();
        for (var i = 0; i < 20; i++)
        {
            var count = (i % 4) + 1;
            _repository.Write("m/config.pbtxt", $"max_batch_size: 0 instance_group {{ count: {count} }}");
            Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/m/load", ""));
            Assert.Equal(count, await CountAsync(server));
        }

        await ending.CancelAsync();
        await Task.WhenAll(asking);
        await AssertLoadsAsync(server, 1, 0);
        Assert.Equal(["m 1 READY"], await ScaledModel.IndexAsync(server));
    }

    [Fact]
    public async Task ConfigurationOfARequest_ChangesInPlaceToo_AndWhatIsWrongIsToldAndChangesNothing()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: ["--model-control-mode=explicit", "--load-model=m"]);
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/m/load", """{"parameters":{"config":"{\"instance_group\":[{\"count\":3}]}"}}"""));
        Assert.Equal(3, await CountAsync(server));

        var (status, body) = await server.PostAsync("/v2/repository/models/m/load", """{"parameters":{"config":"{\"instance_group\":[{\"count\":3,\"kind\":\"KIND_GPU\"}]}"}}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("asks for GPU 0 and so for the execution provider cuda", body, StringComparison.Ordinal);
        (status, body) = await server.PostAsync("/v2/repository/models/m/load", """{"parameters":{"config":"{\"dynamic_batching\":{}}"}}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("dynamic_batching needs a batch dimension", body, StringComparison.Ordinal);
        Assert.Equal(3, await CountAsync(server));
        Assert.Equal(3, await ScaledModel.AskAsync(server, "m"));
        await AssertLoadsAsync(server, 1, 2);

        var (_, index) = await server.PostAsync("/v2/repository/index", "");
        Assert.Contains("a newer load failed: config:1:2: dynamic_batching needs a batch dimension", index, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Poll_TakesItOnWithoutALoad()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--model-control-mode=poll", "--repository-poll-secs=1"]);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asking = AskAsync(server, ending.Token);
        _repository.Write("m/config.pbtxt", "max_batch_size: 0 instance_group { count: 5 }");
        await Waiting.UntilAsync(async () => await CountAsync(server) == 5);

        // The same, as it is exported.
        var export = await server.Http.GetStringAsync("/v2/models/m/config", Token);
        File.Delete(Path.Combine(_repository.FullPath, "m", "config.pbtxt"));
        _repository.Write("m/config.json", export);
        await Waiting.UntilAsync(() => Task.FromResult(server.Log.Events.Count(static one => one.MessageTemplate.Text.Contains("without a load", StringComparison.Ordinal)) == 2));
        Assert.Equal(export, await server.Http.GetStringAsync("/v2/models/m/config", Token));
        await ending.CancelAsync();
        await asking;
        await AssertLoadsAsync(server, 1, 0);
    }

    private static async Task AskAsync(RunningServer server, CancellationToken ending)
    {
        do
        {
            Assert.Equal(3, await ScaledModel.AskAsync(server, "m"));
        }
        while (!ending.IsCancellationRequested);
    }

    /// <summary>The instances that the configuration shows, which are those that there are.</summary>
    private static async Task<int> CountAsync(RunningServer server)
    {
        using var config = JsonDocument.Parse(await server.Http.GetStringAsync("/v2/models/m/config", Token));
        return config.RootElement.GetProperty("instance_group")[0].GetProperty("count").GetInt32();
    }

    private static async Task AssertLoadsAsync(RunningServer server, int succeeded, int failed)
    {
        var metrics = await server.Http.GetStringAsync(server.MetricsAddress, Token);
        Assert.Contains($"inference_server_model_load_total{{model=\"m\",result=\"success\"}} {succeeded}\ninference_server_model_load_total{{model=\"m\",result=\"failure\"}} {failed}\n", metrics, StringComparison.Ordinal);
        Assert.Single(server.Log.Events, static one => one.MessageTemplate.Text.EndsWith("is loading", StringComparison.Ordinal));
    }
}

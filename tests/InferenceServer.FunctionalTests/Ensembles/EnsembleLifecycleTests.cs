using System.Net;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Tracing;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Ensembles;

/// <summary>How ensembles come and go with the models of their steps, on a real repository.</summary>
public sealed class EnsembleLifecycleTests : IDisposable
{
    private const string Explicit = "--model-control-mode=explicit";

    private readonly TemporaryDirectory _repository = new();

    public EnsembleLifecycleTests()
    {
        _repository.Write("five/1/model.onnx", ScaledModel.Of(5));
        _repository.Write("two/1/model.onnx", ScaledModel.Of(2));
        Write("chain", Step("five", "X", "t"), Step("two", "t", "Y"));
        Write("outer", Step("chain", "X", "Y"));
        Write("other", Step("two", "X", "Y"));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Load_BringsTheModelsOfItsSteps_AndUnloadTakesAlongWhatNobodyElseUses()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [Explicit]);
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/outer/load", ""));
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/other/load", ""));
        Assert.Equal(["chain 1 READY", "five 1 READY", "other 1 READY", "outer 1 READY", "two 1 READY"], await ScaledModel.IndexAsync(server));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "outer"));

        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/outer/unload", """{"parameters":{"unload_dependents":true}}"""));
        await ReachAsync(server, "chain 1 UNAVAILABLE", "five 1 UNAVAILABLE", "other 1 READY", "outer 1 UNAVAILABLE", "two 1 READY");
        Assert.Equal(2, await ScaledModel.AskAsync(server, "other"));
    }

    [Fact]
    public async Task ModelOfAStepThatGoes_TakesTheEnsembleDown_AndBringsItBack()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [Explicit, "--load-model=outer"]);
        Assert.Equal(10, await ScaledModel.AskAsync(server, "outer"));
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/five/unload", ""));
        await ReachAsync(server, "chain 1 UNAVAILABLE", "five 1 UNAVAILABLE", "other", "outer 1 UNAVAILABLE", "two 1 READY");
        var (status, body) = await server.PostAsync("/v2/models/outer/infer", ScaledModel.Question);
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("'outer' has no available versions", body, StringComparison.Ordinal);
        Assert.Contains("the model 'five' of step[0] is not loaded", (await server.PostAsync("/v2/repository/index", "")).Body, StringComparison.Ordinal);

        // Somebody has wished it so.
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/v2/health/ready", Cancellation)).StatusCode);
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/five/load", ""));
        await ReachAsync(server, "chain 1 READY", "five 1 READY", "other", "outer 1 READY", "two 1 READY");
        Assert.Equal(10, await ScaledModel.AskAsync(server, "outer"));
    }

    [Fact]
    public async Task ModelOfAStepThatTakesSomethingElseNow_HasTheEnsembleCheckedAgain()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: [Explicit, "--load-model=chain"]);
        _repository.Write("five/2/model.onnx", new OnnxModelBuilder().Input("Z", OnnxElementType.Float, 1).Output("Y", OnnxElementType.Float, 1).Node("Identity", ["Z"], ["Y"]).Build());
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/five/load", ""));
        await ReachAsync(server, "chain 1 UNAVAILABLE", "five 1 UNAVAILABLE", "five 2 READY", "other", "outer", "two 1 READY");
        var index = (await server.PostAsync("/v2/repository/index", "")).Body;
        Assert.Contains("config.pbtxt:1:", index, StringComparison.Ordinal);
        Assert.Contains("model 'five' has no input 'X'", index, StringComparison.Ordinal);

        _repository.Write("five/3/model.onnx", ScaledModel.Of(6));
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/five/load", ""));
        await ReachAsync(server, "chain 1 READY", "five 1 UNAVAILABLE", "five 2 UNAVAILABLE", "five 3 READY", "other", "outer", "two 1 READY");
        Assert.Equal(12, await ScaledModel.AskAsync(server, "chain"));
    }

    [Theory]
    [InlineData("missing", "the model 'fife' of step[0] is not loaded; did you mean 'five'?")]
    [InlineData("itself", "circular dependency: itself -> itself")]
    [InlineData("one", "circular dependency: another -> one -> another")]
    public async Task EnsembleThatCannotServe_SaysWhy(string name, string reason)
    {
        Write("missing", Step("fife", "X", "Y"));
        Write("itself", Step("itself", "X", "Y"));
        Write("one", Step("another", "X", "Y"));
        Write("another", Step("one", "X", "Y"));
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        Assert.Contains($"{name} 1 UNAVAILABLE", await ScaledModel.IndexAsync(server));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Http.GetAsync("/v2/health/ready", Cancellation)).StatusCode);
        Assert.Contains(reason, WebUtility.HtmlDecode((await server.PostAsync("/v2/repository/index", "")).Body).Replace("\\u003E", ">", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(10, await ScaledModel.AskAsync(server, "outer"));
    }

    [Fact]
    public async Task ModelsOnDemand_AreWokenByTheStepThatNeedsThem()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--model-residency=on-demand"]);
        Assert.Equal(10, await ScaledModel.AskAsync(server, "outer"));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "outer"));
    }

    [Fact]
    public async Task Traces_OfStepsNameTheirParent()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.FullPath, "t.json");
        await using (var server = await RunningServer.StartAsync(_repository.FullPath, flags: [$"--trace-config=triton,file={file}", "--trace-config=rate=1", "--trace-config=level=TIMESTAMPS"]))
        {
            Assert.Equal(10, await ScaledModel.AskAsync(server, "chain"));
        }

        var traces = TraceRecord.Read(file).ToDictionary(static trace => trace.Head.GetProperty("model_name").GetString()!);
        var parent = traces["chain"].Head.GetProperty("id").GetInt64();
        Assert.All(["five", "two"], name => Assert.Equal(parent, traces[name].Head.GetProperty("parent_id").GetInt64()));
        Assert.False(traces["chain"].Head.TryGetProperty("parent_id", out _));
        Assert.Contains("COMPUTE_END", traces["five"].Activities);
        Assert.Contains("REQUEST_END", traces["chain"].Activities);
    }

    private static string Step(string model, string from, string to) =>
        $$"""step { model_name: "{{model}}" model_version: -1 input_map { key: "X" value: "{{from}}" } output_map { key: "Y" value: "{{to}}" } }""";

    private static async Task ReachAsync(RunningServer server, params string[] index)
    {
        for (var deadline = TimeProvider.System.GetTimestamp(); ; await Task.Delay(20, Cancellation))
        {
            var now = await ScaledModel.IndexAsync(server);
            if (now.SequenceEqual(index))
            {
                return;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < TestTimeouts.Phase, string.Join(", ", now));
        }
    }

    private void Write(string name, params string[] steps)
    {
        Directory.CreateDirectory(Path.Combine(_repository.FullPath, name, "1"));
        var text = $$"""platform: "ensemble" input { name: "X" data_type: TYPE_FP32 dims: -1 } output { name: "Y" data_type: TYPE_FP32 dims: -1 } ensemble_scheduling { {{string.Join('\n', steps)}} }""";
        _repository.Write($"{name}/config.pbtxt", System.Text.Encoding.UTF8.GetBytes(text));
    }
}

using System.Net;
using InferenceServer.FunctionalTests.Scheduling;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>Adapters that requests choose, through the whole server.</summary>
public sealed class AdapterTests : IDisposable
{
    private static readonly Dictionary<string, float[]> s_adapters = new()
    {
        ["red"] = [1, 1, 10, 20],
        ["green"] = [0, 3, 1, 1],
        ["blue-2.1"] = [2, 5, 7, 0],
    };

    private readonly TemporaryDirectory _repository = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> EveryEncoding => Encodings.All;

    public void Dispose() => _repository.Dispose();

    [Theory]
    [MemberData(nameof(EveryEncoding))]
    public async Task MixedTraffic_EveryAnswerIsThatOfTheMergedWeights(string encoding)
    {
        Write("mixed", "max_batch_size: 16 dynamic_batching { max_queue_delay_microseconds: 2000 }");
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        string?[] names = [.. s_adapters.Keys, null];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async caller =>
        {
            for (var i = 0; i < 25; i++)
            {
                var name = names[(caller + (i * 3)) % names.Length];
                float[] x = [caller, i];
                var answer = (await server.Over(encoding).AskAsync(Ask("mixed", name, x), Token)).MustSucceed();
                Assert.Equal(AdaptedModel.Merged(x, name is null ? null : s_adapters[name]).Select(static value => (double)value), answer["y"].Numbers);
            }
        }));
        var counts = await ModelCounts.ReadAsync(server, "mixed");
        Assert.Equal(200, counts.Successes);
    }

    [Theory]
    [MemberData(nameof(EveryEncoding))]
    public async Task NameThatIsNone_IsRefusedBeforeItWaits(string encoding)
    {
        Write("adapted", "");
        _repository.Write("plain.onnx", SampleOnnxModels.AddSub());
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        await RefusesAsync(Ask("adapted", "purple", [1, 2]), "parameter 'lora_name': expected the name of one of the 3 adapters that the model has, got 'purple'");
        await RefusesAsync(Ask("adapted", "red,../blue", [1, 2]), "got '../blue'");
        await RefusesAsync(new Question("adapted", QuestionInput.Floats("x", [1, 2], 1, 2)) { Parameters = { ["lora_name"] = 7 } }, "parameter 'lora_name': expected a text, got 7");
        var plain = new Question("plain", QuestionInput.Floats("INPUT0", [1, 16], new float[16]), QuestionInput.Floats("INPUT1", [1, 16], new float[16])) { Texts = { ["lora_name"] = "red" } };
        await RefusesAsync(plain, "parameter 'lora_name': expected none, since the model has no adapters, got 'red'");
        await RefusesAsync(Ask("adapted", "red,green", [1, 2]), "gives it too");

        // None, said in so many words.
        (await server.Over(encoding).AskAsync(Ask("adapted", "", [1, 2]), Token)).MustSucceed();

        async Task RefusesAsync(Question question, string words)
        {
            var answer = await server.Over(encoding).AskAsync(question, Token);
            Assert.Contains(answer.Status, new[] { "400", "InvalidArgument" });
            Assert.Contains(words, answer.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ResponseCache_KeepsAnswersByAdapter()
    {
        Write("cached", "response_cache { enable: true }");
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: "--cache-config=local,size=1048576");
        for (var round = 0; round < 2; round++)
        {
            foreach (var (name, adapter) in s_adapters)
            {
                var answer = (await server.Over(Encodings.Json).AskAsync(Ask("cached", name, [1, 2]), Token)).MustSucceed();
                Assert.Equal(AdaptedModel.Merged([1, 2], adapter).Select(static value => (double)value), answer["y"].Numbers);
            }
        }

        Assert.Equal(s_adapters.Count, (await ModelCounts.ReadAsync(server, "cached")).Executions);
    }

    [Fact]
    public async Task Ensemble_HandsTheNameToTheStepsThatHaveAdapters()
    {
        Write("adapted", "");
        _repository.Write("copy.onnx", SampleOnnxModels.Identity(["batch", 2], OnnxElementType.Float));
        _repository.Write("both/config.pbtxt", """
            platform: "ensemble"
            input { name: "x" data_type: TYPE_FP32 dims: [ -1, 2 ] }
            output { name: "y" data_type: TYPE_FP32 dims: [ -1, 2 ] }
            ensemble_scheduling {
              step { model_name: "copy" model_version: -1 input_map { key: "INPUT0" value: "x" } output_map { key: "OUTPUT0" value: "copied" } }
              step { model_name: "adapted" model_version: -1 input_map { key: "x" value: "copied" } output_map { key: "y" value: "y" } }
            }
            """);
        Directory.CreateDirectory(Path.Combine(_repository.FullPath, "both", "1"));
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        var answer = (await server.Over(Encodings.Json).AskAsync(Ask("both", "green", [1, 2]), Token)).MustSucceed();
        Assert.Equal(AdaptedModel.Merged([1, 2], s_adapters["green"]).Select(static value => (double)value), answer["y"].Numbers);
        Assert.Contains("got 'purple'", (await server.Over(Encodings.Json).AskAsync(Ask("both", "purple", [1, 2]), Token)).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task RunWhoseClientHangsUp_EndsInTheMiddleAndTheLaneTakesTheNext(string protocol)
    {
        _repository.Write("count.onnx", SampleOnnxModels.CountingLoop());
        await using var server = await RunningServer.StartAsync(_repository.FullPath);

        // It would count for years on the only lane: what comes after it waits.
        var endless = protocol == "http"
            ? await LeavingClient.OverSocketAsync(server, "/v2/models/count/infer", """{"inputs":[{"name":"rounds","datatype":"INT64","shape":[1],"data":[9000000000000000000]}]}""")
            : LeavingClient.OverRpc(server, new Inference.ModelInferRequest
            {
                ModelName = "count",
                Inputs = { new Inference.ModelInferRequest.Types.InferInputTensor { Name = "rounds", Datatype = "INT64", Shape = { 1 }, Contents = new Inference.InferTensorContents { Int64Contents = { 9_000_000_000_000_000_000 } } } },
            });
        var next = Task.FromResult((Status: HttpStatusCode.OK, Body: ""));
        await ModelCounts.WaitForAsync(server, "count", "a request that waits behind the one that runs", counts =>
        {
            // One that came before it is answered, and another is sent after it.
            var isBehind = !next.IsCompleted && counts.Pending == 1;
            next = next.IsCompleted ? server.PostAsync("/v2/models/count/infer", """{"inputs":[{"name":"rounds","datatype":"INT64","shape":[1],"data":[3]}]}""") : next;
            return isBehind;
        });
        await endless.LeaveAsync();
        var (_, body) = await next;
        Assert.Contains("\"data\":[3]", body, StringComparison.Ordinal);
        await ModelCounts.WaitForAsync(server, "count", "one that is cancelled", static counts => counts is { Pending: 0, Cancelled: 1 });
    }

    private static Question Ask(string model, string? adapter, float[] x) =>
        new(model, QuestionInput.Floats("x", [1, 2], x)) { Texts = adapter is null ? [] : new Dictionary<string, string> { ["lora_name"] = adapter } };

    private void Write(string model, string config)
    {
        _repository.Write($"{model}/1/model.onnx", AdaptedModel.Build());
        _repository.Write($"{model}/config.pbtxt", config);
        foreach (var (name, adapter) in s_adapters)
        {
            _repository.Write($"{model}/1/adapters/{name}.onnx_adapter", AdaptedModel.Adapter(adapter));
        }
    }
}

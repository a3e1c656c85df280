using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Torch;
using Xunit;

namespace InferenceServer.FunctionalTests.Backends;

/// <summary>TorchScript models on the backend in its folder, as a client sees them.</summary>
public sealed class TorchModelTests : IDisposable
{
    private const string AddSub = """
        input { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 4 ] } input { name: "INPUT__1" data_type: TYPE_FP32 dims: [ 4 ] }
        output { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 4 ] } output { name: "OUTPUT__1" data_type: TYPE_FP32 dims: [ 4 ] }
        max_batch_size: 8

        """;

    private const string AddSubRequest = """{"inputs":[{"name":"INPUT__0","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]},{"name":"INPUT__1","shape":[1,4],"datatype":"FP32","data":[1,1,1,1]}]}""";

    private static readonly string s_samples = Path.Combine(RepositoryRoot.Path, "samples", "torch-models");

    private readonly TemporaryDirectory _repository = new();

    [Fact]
    public async Task Digits_InEveryFramework_AreTheSame()
    {
        await using var server = await StartAsync(Path.Combine(RepositoryRoot.Path, "model-repository"), flags: [$"--model-repository={s_samples}", "--model-control-mode=explicit", "--load-model=digits", "--load-model=digits_fp16", "--load-model=digits_torchscript"]);
        using var expected = JsonDocument.Parse(await File.ReadAllBytesAsync(RepositoryFiles.TestData("digits.json"), TestContext.Current.CancellationToken));
        float[] images = [.. Numbers(expected.RootElement.GetProperty("x"))];
        float[] probabilities = [.. Numbers(expected.RootElement.GetProperty("y"))];
        foreach (var (model, tolerance) in new[] { ("digits", 1e-5f), ("digits_fp16", 5e-3f), ("digits_torchscript", 1e-5f) })
        {
            var body = $$"""{"inputs":[{"name":"image","shape":[{{images.Length / 64}},1,8,8],"datatype":"FP32","data":[{{string.Join(',', images.Select(static value => value.ToString("R", CultureInfo.InvariantCulture)))}}]}]}""";
            using var answer = await AskAsync(server, model, model == "digits_fp16" ? body.Replace("FP32", await InputTypeAsync(server, model), StringComparison.Ordinal) : body);
            Assert.All(probabilities.Zip(Numbers(answer.RootElement.GetProperty("outputs")[0].GetProperty("data"))), pair => Assert.Equal(pair.First, pair.Second, tolerance));
        }
    }

    [Fact]
    public async Task Rpc_TwoInstancesAndManyClients_GetTheirOwnAnswers()
    {
        Write("add_sub", File.ReadAllBytes(RepositoryFiles.TestData("torchscript/add_sub_tuple.pt")), AddSub + "instance_group { count: 2 } dynamic_batching { }");
        await using var server = await StartAsync(_repository.FullPath);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(client => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                float[] a = [client, i, client * i, 1], b = [i, 1, client, -1];
                var request = new Inference.ModelInferRequest { ModelName = "add_sub" };
                foreach (var (name, values) in new[] { ("INPUT__0", a), ("INPUT__1", b) })
                {
                    request.Inputs.Add(new Inference.ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = "FP32", Shape = { 1, 4 } });
                    request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())));
                }

                var answer = await server.Rpc.ModelInferAsync(request, cancellationToken: TestContext.Current.CancellationToken);
                Assert.Equal(a.Zip(b, static (x, y) => x + y), MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[0].Span).ToArray());
                Assert.Equal(a.Zip(b, static (x, y) => x - y), MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[1].Span).ToArray());
            }
        })));
    }

    [Fact]
    public async Task FilesThatWouldEndTheProcess_FailTheirModelsAlone()
    {
        var method = "  def forward(s: __torch__.Model,\n    a: Tensor,\n    b: Tensor) -> Tuple[Tensor, Tensor]:\n";
        Write("add_sub", File.ReadAllBytes(RepositoryFiles.TestData("torchscript/add_sub_tuple.pt")), AddSub);
        Write("unknown_operator", ScriptArchive.Of(method + "    return (ops.torchvision.nms(a, b), a)\n"), AddSub);
        Write("bad_optimisation", ScriptArchive.Of(method + "    v = annotate(Optional[Tensor], None)\n    w = unchecked_cast(Tensor, v)\n    return (torch.add(w, b), a)\n"), AddSub);
        Write("bad_syntax", ScriptArchive.Of(method + "    return (a, b\n"), AddSub);
        await using var server = await StartAsync(_repository.FullPath, expectsErrors: true, flags: ["--exit-on-error=false"]);
        using var answer = await AskAsync(server, "add_sub", AddSubRequest);
        Assert.Equal([2, 3, 4, 5], Numbers(answer.RootElement.GetProperty("outputs")[0].GetProperty("data")));
        var reasons = await ReasonsAsync(server);
        Assert.All(new[] { "unknown_operator", "bad_optimisation" }, model => Assert.Contains("in which the model was loaded for a try (signal 6", reasons[model], StringComparison.Ordinal));
        Assert.StartsWith("libtorch cannot load the model: expected ) but found 'eof'", reasons["bad_syntax"], StringComparison.Ordinal);
        Assert.Contains("Unknown builtin op: torchvision::nms", reasons["unknown_operator"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task DamagedFiles_FailTheirModelsAlone()
    {
        var random = new Random(7);
        var good = File.ReadAllBytes(RepositoryFiles.TestData("torchscript/lstm_state.pt"));
        for (var i = 0; i < 12; i++)
        {
            var bytes = (byte[])good.Clone();
            for (var n = 0; n < 3; n++)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            }

            Write($"damaged_{i}", bytes, "");
        }

        Write("cut", good[..(good.Length / 2)], "");
        Write("empty", [], "");
        await using var server = await StartAsync(_repository.FullPath, expectsErrors: true, flags: ["--exit-on-error=false"]);
        var reasons = await ReasonsAsync(server);
        Assert.Equal(14, reasons.Count);
        Assert.All(reasons.Values, static reason => Assert.NotEqual("", reason));
        Assert.Contains("is damaged, cut short, or no TorchScript archive", reasons["cut"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileAlone_SaysWhatToWriteAndThatServes()
    {
        Write("lone", File.ReadAllBytes(RepositoryFiles.TestData("torchscript/add_sub_tuple.pt")), null);
        await using var server = await StartAsync(_repository.FullPath, expectsErrors: true, flags: ["--exit-on-error=false", "--model-control-mode=explicit", "--load-model=*"]);
        var reason = (await ReasonsAsync(server))["lone"];
        var start = reason.IndexOf("input [", StringComparison.Ordinal);
        _repository.Write("lone/config.pbtxt", reason[start..reason.LastIndexOf(" (with", StringComparison.Ordinal)]);
        var (status, body) = await server.PostAsync("/v2/repository/models/lone/load", "{}");
        Assert.True(status == HttpStatusCode.OK, body);
        using var answer = await AskAsync(server, "lone", AddSubRequest.Replace("INPUT__0", "a", StringComparison.Ordinal).Replace("INPUT__1", "b", StringComparison.Ordinal));
        Assert.Equal([0, 1, 2, 3], Numbers(answer.RootElement.GetProperty("outputs")[1].GetProperty("data")));
    }

    [Fact]
    public async Task CurlLines_WorkAsTheyAreWritten()
    {
        await using var server = await StartAsync(Path.Combine(RepositoryRoot.Path, "model-repository"), flags: [$"--model-repository={s_samples}", "--model-control-mode=explicit", "--load-model=digits", "--load-model=digits_fp16", "--load-model=digits_torchscript"]);
        var page = await File.ReadAllTextAsync(Path.Combine(s_samples, "README.md"), TestContext.Current.CancellationToken);
        var block = Assert.Single(DocumentedCommandTests.ShellBlock().Matches(page)).Groups[1].Value;
        var (code, output) = await DocumentedCommandTests.RunAsync(block.Replace("http://localhost:8000", server.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal));
        Assert.True(code == 0, output);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' ')).ToArray();
        Assert.Equal(["digits", "digits_fp16", "digits_torchscript"], lines.Select(static line => line[0]));

        // The image is a 2.
        Assert.All(lines, static line => Assert.Equal(2, line[1].Split(',').Select(static value => double.Parse(value, CultureInfo.InvariantCulture)).Index().MaxBy(static one => one.Item).Index));
    }

    public void Dispose() => _repository.Dispose();

    private static Task<RunningServer> StartAsync(string repository, bool expectsErrors = false, string[]? flags = null) =>
        RunningServer.StartAsync(repository, expectsErrors: expectsErrors, flags: [.. flags ?? [], $"--backend-directory={Path.Combine(AppContext.BaseDirectory, "torch-backends")}"]);

    private static async Task<JsonDocument> AskAsync(RunningServer server, string model, string request)
    {
        var (status, body) = await server.PostAsync($"/v2/models/{model}/infer", request);
        Assert.True(status == HttpStatusCode.OK, body);
        return JsonDocument.Parse(body);
    }

    private static async Task<string> InputTypeAsync(RunningServer server, string model)
    {
        using var metadata = JsonDocument.Parse(await server.Http.GetStringAsync($"/v2/models/{model}", TestContext.Current.CancellationToken));
        return metadata.RootElement.GetProperty("inputs")[0].GetProperty("datatype").GetString()!;
    }

    private static async Task<Dictionary<string, string>> ReasonsAsync(RunningServer server)
    {
        var (_, index) = await server.PostAsync("/v2/repository/index", "{}");
        using var models = JsonDocument.Parse(index);
        return models.RootElement.EnumerateArray().ToDictionary(static one => one.GetProperty("name").GetString()!, static one => one.TryGetProperty("reason", out var reason) ? reason.GetString()! : "");
    }

    private static IEnumerable<float> Numbers(JsonElement value) => value.ValueKind == JsonValueKind.Number ? [value.GetSingle()] : value.EnumerateArray().SelectMany(Numbers);

    private void Write(string model, byte[] file, string? config)
    {
        _repository.Write($"{model}/1/model.pt", file);
        if (config is not null)
        {
            _repository.Write($"{model}/config.pbtxt", "backend: \"pytorch\"\n" + config);
        }
    }
}

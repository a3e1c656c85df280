using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Google.Protobuf;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Trees;
using Xunit;

namespace InferenceServer.FunctionalTests.Backends;

/// <summary>The samples of trees on the backends that the build places beside the server, as a client sees them.</summary>
public sealed class TreeModelTests
{
    private const string LightGbm = "breast_cancer_lightgbm";
    private const string XGBoost = "breast_cancer_xgboost";

    private static readonly string s_samples = Path.Combine(RepositoryRoot.Path, "samples", "tree-models");

    public static TheoryData<string, string> Samples => new() { { LightGbm, "bc_lgbm_pred.csv" }, { XGBoost, "bc_xgb_pred.csv" } };

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Http_EveryRow_GivesTheExpectedProbability(string model, string expected)
    {
        NeedLibraries(model);
        await using var server = await StartAsync(model);
        var data = string.Join(',', BreastCancer.Rows.Select(static value => value.ToString("R", CultureInfo.InvariantCulture)));
        var (status, body) = await server.PostAsync($"/v2/models/{model}/infer", $$"""{"inputs":[{"name":"features","shape":[{{BreastCancer.Count}},30],"datatype":"FP32","data":[{{data}}]}]}""");
        Assert.True(status == HttpStatusCode.OK, body);
        using var answer = JsonDocument.Parse(body);

        // What costs more is given to those who name it.
        var output = Assert.Single(answer.RootElement.GetProperty("outputs").EnumerateArray());
        Assert.Equal("probabilities", output.GetProperty("name").GetString());
        double[] probabilities = [.. output.GetProperty("data").EnumerateArray().Select(static number => number.GetDouble())];
        Assert.All(BreastCancer.Expected(expected).Zip(probabilities), static pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Rpc_NamedOutputs_AreGivenAndNoOthers(string model, string expected)
    {
        NeedLibraries(model);
        await using var server = await StartAsync(model);
        var request = new Inference.ModelInferRequest { ModelName = model };
        request.Inputs.Add(new Inference.ModelInferRequest.Types.InferInputTensor { Name = "features", Datatype = "FP32", Shape = { 2, 30 } });
        request.Outputs.Add(new Inference.ModelInferRequest.Types.InferRequestedOutputTensor { Name = "contributions" });
        request.Outputs.Add(new Inference.ModelInferRequest.Types.InferRequestedOutputTensor { Name = "leaves" });
        request.Outputs.Add(new Inference.ModelInferRequest.Types.InferRequestedOutputTensor { Name = "probabilities" });
        request.RawInputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes(BreastCancer.Rows.AsSpan(0, 60))));
        var answer = await server.Rpc.ModelInferAsync(request, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(["contributions", "leaves", "probabilities"], answer.Outputs.Select(static output => output.Name));
        Assert.Equal([2, 1, 31], answer.Outputs[0].Shape);
        var parts = Numbers(answer.Outputs[0].Datatype, answer.RawOutputContents[0]).Chunk(31);
        var probabilities = Numbers(answer.Outputs[2].Datatype, answer.RawOutputContents[2]);
        Assert.All(BreastCancer.Expected(expected).Zip(probabilities), static pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.All(parts.Zip(probabilities), static pair => Assert.Equal(1 / (1 + Math.Exp(-pair.First.Sum())), pair.Second, 1e-5));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task Http_TwoInstancesAndManyClients_GiveTheExpectedProbabilities(string model, string expected)
    {
        NeedLibraries(model);
        using var repository = new TemporaryDirectory();
        Copy(repository, model);
        repository.Write($"{model}/config.pbtxt", "instance_group { count: 2 } parameters { key: \"num_threads\" value { string_value: \"2\" } }");
        await using var server = await StartAsync(model, repository.FullPath);
        var probabilities = BreastCancer.Expected(expected);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(client => Task.Run(async () =>
        {
            for (var row = client; row < probabilities.Length; row += 4)
            {
                var data = string.Join(',', BreastCancer.Row(row).Select(static value => value.ToString("R", CultureInfo.InvariantCulture)));
                var (_, body) = await server.PostAsync($"/v2/models/{model}/infer", $$"""{"inputs":[{"name":"features","shape":[1,30],"datatype":"FP32","data":[{{data}}]}]}""");
                using var answer = JsonDocument.Parse(body);
                Assert.Equal(probabilities[row], answer.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetDouble(), 1e-6);
            }
        })));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task BrokenFile_IsToldForItsModelOnly(string model, string expected)
    {
        NeedLibraries(model);
        Assert.NotEmpty(expected);
        using var repository = new TemporaryDirectory();
        Copy(repository, model);
        var file = Directory.EnumerateFiles(Path.Combine(s_samples, model, "1")).Single();
        repository.Write($"broken/1/{Path.GetFileName(file)}", File.ReadAllBytes(file).AsSpan(0, 20_000));
        await using var server = await RunningServer.StartAsync(repository.FullPath, expectsErrors: true, flags: ["--exit-on-error=false", $"--backend-directory={Backends()}"]);
        var (_, index) = await server.PostAsync("/v2/repository/index", "{}");
        using var models = JsonDocument.Parse(index);
        var reason = models.RootElement.EnumerateArray().Single(static one => one.GetProperty("name").GetString() == "broken").GetProperty("reason").GetString();
        Assert.Contains($"'{Path.GetFileName(file)}' cannot be loaded: ", reason, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync($"/v2/models/{model}/ready", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData("samples/tree-models/breast_cancer_lightgbm/README.md", LightGbm)]
    [InlineData("samples/tree-models/breast_cancer_xgboost/README.md", XGBoost)]
    [InlineData("docs/trees.md", LightGbm)]
    public async Task CurlLines_WorkAsTheyAreWritten(string page, string model)
    {
        NeedLibraries(model);
        await using var server = await StartAsync(model);
        var text = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, page), TestContext.Current.CancellationToken);
        string[] blocks = [.. DocumentedCommandTests.ShellBlock().Matches(text).Select(static match => match.Groups[1].Value).Where(static block => block.Contains("localhost:8000", StringComparison.Ordinal))];
        Assert.NotEmpty(blocks);
        foreach (var block in blocks)
        {
            var (code, output) = await DocumentedCommandTests.RunAsync(block.Replace("http://localhost:8000", server.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal));
            Assert.True(code == 0, output);
            using var answer = JsonDocument.Parse(output);
            Assert.True(answer.RootElement.TryGetProperty("outputs", out _), output);
        }
    }

    private static Task<RunningServer> StartAsync(string model, string? repository = null) => RunningServer.StartAsync(
        repository ?? s_samples, flags: ["--model-control-mode=explicit", $"--load-model={model}", $"--backend-directory={Backends()}"]);

    /// <summary>Where the build of the server has placed them: it was built the way this assembly was.</summary>
    internal static string Backends()
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(RepositoryRoot.Path, "src", "InferenceServer.Host", "bin", framework.Parent!.Name, framework.Name, "backends");
    }

    internal static void NeedLibraries(string model)
    {
        string[] names = model == XGBoost ? ["libxgboost.so.0", "libxgboost.so"] : ["libgomp.so.1"];
        Assert.SkipUnless(!OperatingSystem.IsLinux() || names.Any(static name => NativeLibrary.TryLoad(name, out _)), $"{names[0]} is not on this machine");
    }

    private static void Copy(TemporaryDirectory repository, string model)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(s_samples, model, "1")))
        {
            repository.Write($"{model}/1/{Path.GetFileName(file)}", File.ReadAllBytes(file));
        }
    }

    private static double[] Numbers(string type, ByteString bytes) => type == "FP64"
        ? MemoryMarshal.Cast<byte, double>(bytes.Span).ToArray()
        : [.. MemoryMarshal.Cast<byte, float>(bytes.Span).ToArray().Select(static value => (double)value)];
}

using System.Globalization;
using System.Net;
using System.Text.Json;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Trees;
using Xunit;

namespace InferenceServer.FunctionalTests.Backends;

/// <summary>One task in every framework that has a backend, in one server.</summary>
public sealed class FrameworkComparisonTests
{
    [Fact]
    public async Task Onnx_SaysWhatLightGbmSays()
    {
        await using var server = await StartAsync("onnx");
        var (_, answer) = await AskAsync(server, "breast_cancer_onnx", "features", BreastCancer.Rows, BreastCancer.Count);
        using var document = JsonDocument.Parse(answer);
        double[] probabilities = [.. document.RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(static number => number.GetDouble())];
        Assert.All(BreastCancer.Expected("bc_lgbm_pred.csv").Zip(probabilities), static pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public async Task MLNet_ServesFromItsFolderOverTheWire()
    {
        await using var server = await StartAsync("mlnet");
        var (status, answer) = await AskAsync(server, "breast_cancer_mlnet", "Features", BreastCancer.Row(1), 1);
        Assert.True(status == HttpStatusCode.OK, answer);
        using var document = JsonDocument.Parse(answer);
        Assert.Equal(["PredictedLabel", "Score", "Probability"], document.RootElement.GetProperty("outputs").EnumerateArray().Select(static output => output.GetProperty("name").GetString()));
        Assert.True(document.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetBoolean());
        var (wrong, error) = await AskAsync(server, "breast_cancer_mlnet", "Features", BreastCancer.Row(1)[..29], 1);
        Assert.Equal(HttpStatusCode.BadRequest, wrong);
        Assert.Contains("[-1,30]", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Comparison_OfThePage_PrintsALineForEach()
    {
        string[] frameworks = ["onnx", "lightgbm", "xgboost", "mlnet"];
        TreeModelTests.NeedLibraries("breast_cancer_lightgbm");
        TreeModelTests.NeedLibraries("breast_cancer_xgboost");
        await using var server = await StartAsync(frameworks);
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "samples", "tree-models", "README.md"), TestContext.Current.CancellationToken);
        var block = Assert.Single(DocumentedCommandTests.ShellBlock().Matches(page)).Groups[1].Value;
        var (code, output) = await DocumentedCommandTests.RunAsync(block.Replace("http://localhost:8000", server.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal));
        Assert.True(code == 0, output);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' ', ',')).ToArray();
        Assert.Equal(frameworks, lines.Select(static line => line[0]));
        Assert.All(lines, static line =>
        {
            Assert.InRange(double.Parse(line[1], CultureInfo.InvariantCulture), 0, 0.2);
            Assert.InRange(double.Parse(line[2], CultureInfo.InvariantCulture), 0.7, 1);
            Assert.True(int.Parse(line[3], CultureInfo.InvariantCulture) >= 0);
        });
    }

    private static Task<RunningServer> StartAsync(params string[] frameworks) => RunningServer.StartAsync(
        Path.Combine(RepositoryRoot.Path, "samples", "tree-models"),
        flags: ["--model-control-mode=explicit", $"--backend-directory={TreeModelTests.Backends()}", .. frameworks.Select(static one => $"--load-model=breast_cancer_{one}")]);

    private static Task<(HttpStatusCode Status, string Body)> AskAsync(RunningServer server, string model, string input, IEnumerable<float> values, int rows)
    {
        var data = string.Join(',', values.Select(static value => value.ToString("R", CultureInfo.InvariantCulture)));
        var width = data.Count(static sign => sign == ',') + 1;
        return server.PostAsync($"/v2/models/{model}/infer", $$"""{"inputs":[{"name":"{{input}}","shape":[{{rows}},{{width / rows}}],"datatype":"FP32","data":[{{data}}]}]}""");
    }
}

using System.Net;
using System.Text.Json;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Caching;

/// <summary>A repository with one model whose answers are kept, and what is asked of it.</summary>
internal static class CachedModels
{
    public const string Local = "--cache-config=local,size=1048576";

    private const string Config = "max_batch_size: 4 response_cache { enable: true }";

    /// <summary>Writes a model: OUTPUT0 is what <paramref name="operation"/> makes of INPUT0 and INPUT1, OUTPUT1 what comes of it negated.</summary>
    public static void Write(TemporaryDirectory repository, string operation = "Add", string name = "m", string config = Config)
    {
        repository.Write($"{name}/1/model.onnx", new OnnxModelBuilder()
            .Input("INPUT0", OnnxElementType.Float, "batch", 2).Input("INPUT1", OnnxElementType.Float, "batch", 2)
            .Output("OUTPUT0", OnnxElementType.Float, "batch", 2).Output("OUTPUT1", OnnxElementType.Float, "batch", 2)
            .Node(operation, ["INPUT0", "INPUT1"], ["OUTPUT0"]).Node("Neg", ["OUTPUT0"], ["OUTPUT1"]).Build());
        repository.Write($"{name}/config.pbtxt", config);
    }

    public static string Body(int value, string id = "", string rest = "") =>
        $$"""{"id":"{{id}}","inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,2],"data":[{{value}},8]},{"name":"INPUT1","datatype":"FP32","shape":[1,2],"data":[2,2]}]{{rest}}}""";

    /// <summary>What OUTPUT0 is.</summary>
    public static async Task<float[]> InferAsync(RunningServer server, int value)
    {
        var (status, body) = await server.PostAsync("/v2/models/m/infer", Body(value));
        Assert.True(status == HttpStatusCode.OK, body);
        using var document = JsonDocument.Parse(body);
        return [.. document.RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(static element => element.GetSingle())];
    }

    /// <summary>Asks, and sees that OUTPUT0 is this.</summary>
    public static async Task ExpectAsync(RunningServer server, int value, params float[] expected) => Assert.Equal(expected, await InferAsync(server, value));

    /// <summary>How many requests were executed, found in the cache and not found there.</summary>
    public static async Task<(int Executions, int Hits, int Misses)> CountAsync(RunningServer server, string name = "m")
    {
        using var document = JsonDocument.Parse(await server.Http.GetStringAsync($"/v2/models/{name}/stats", TestContext.Current.CancellationToken));
        var model = document.RootElement.GetProperty("model_stats")[0];
        var parts = model.GetProperty("inference_stats");
        var (success, hits) = (Count("success"), Count("cache_hit"));
        Assert.All(new[] { "compute_input", "compute_infer", "compute_output" }, part => Assert.Equal(success - hits, Count(part)));
        return (model.GetProperty("execution_count").GetInt32(), hits, Count("cache_miss"));

        int Count(string part) => parts.GetProperty(part).GetProperty("count").GetInt32();
    }

    /// <summary>The samples of the metrics whose names begin with a text, by name.</summary>
    public static async Task<Dictionary<string, double>> ScrapeAsync(RunningServer server, string prefix)
    {
        var text = await server.Http.GetStringAsync(server.MetricsAddress, TestContext.Current.CancellationToken);
        return text.Split('\n').Where(line => line.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(
            static line => line[..line.LastIndexOf(' ')], static line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }
}

using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>What Prometheus sees.</summary>
public sealed class MetricsTests
{
    private static readonly string[] s_families =
    [
        "nv_inference_request_success", "nv_inference_count", "nv_inference_exec_count", "nv_inference_request_duration_us", "nv_inference_queue_duration_us",
        "nv_inference_compute_input_duration_us", "nv_inference_compute_infer_duration_us", "nv_inference_compute_output_duration_us",
        "nv_inference_pending_request_count",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Families_ArePresentAtZeroAndCountWhatHappens()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("digits.onnx", File.ReadAllBytes(Path.Combine(SampleServer.Repository, "digits", "1", "model.onnx")));
        await using var server = await RunningServer.StartAsync(repository.FullPath);
        var before = await ScrapeAsync(server);
        Assert.All(s_families, family => Assert.Equal(0, before[family + Labels()]));
        Assert.All(new[] { "REJECTED", "CANCELED", "BACKEND", "OTHER" }, reason => Assert.Equal(0, before["nv_inference_request_failure" + Labels(reason)]));
        Assert.True(before["nv_model_load_duration_secs" + Labels()] > 0);

        var one = new Question("digits", QuestionInput.Floats("image", [1, 1, 8, 8], new float[64]));
        var three = new Question("digits", QuestionInput.Floats("image", [3, 1, 8, 8], new float[192]));
        (await server.Over(Encodings.Json).AskAsync(one, Token)).MustSucceed();
        (await server.Over(Encodings.Rpc).AskAsync(three, Token)).MustSucceed();
        Assert.Equal("400", (await server.Over(Encodings.Binary).AskAsync(one with { Outputs = ["nothing"] }, Token)).Status);

        var after = await ScrapeAsync(server);
        Assert.Equal(2, after["nv_inference_request_success" + Labels()]);
        Assert.Equal(4, after["nv_inference_count" + Labels()]);
        Assert.Equal(2, after["nv_inference_exec_count" + Labels()]);
        Assert.Equal(1, after["nv_inference_request_failure" + Labels("OTHER")]);
        Assert.True(after["nv_inference_request_duration_us" + Labels()] > 0);
        Assert.True(after["nv_inference_request_duration_us" + Labels()] >= after["nv_inference_compute_infer_duration_us" + Labels()]);
        Assert.Equal(2, after["inference_server_batch_release_total" + Labels("lane_idle")]);
    }

    private static string Labels(string? reason = null) => $"{{model=\"digits\",version=\"1\"{(reason is null ? "" : $",reason=\"{reason}\"")}}}";

    private static async Task<Dictionary<string, double>> ScrapeAsync(RunningServer server)
    {
        using var client = new HttpClient { Timeout = TestTimeouts.Phase };
        var text = await client.GetStringAsync(server.MetricsAddress, Token);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(static line => line[0] != '#')
            .Select(static line => line.Split(' '))
            .ToDictionary(static parts => parts[0], static parts => double.Parse(parts[^1], System.Globalization.CultureInfo.InvariantCulture));
    }
}

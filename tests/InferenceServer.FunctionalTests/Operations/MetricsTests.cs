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
        Assert.All(new[] { "REJECTED", "CANCELED", "BACKEND", "OTHER" }, reason => Assert.Equal(0, after["nv_inference_request_failure" + Labels(reason)]));
        Assert.Equal(1, after["inference_server_request_refused_total" + Labels("invalid")]);
        Assert.True(after["nv_inference_request_duration_us" + Labels()] > 0);
        Assert.True(after["nv_inference_request_duration_us" + Labels()] >= after["nv_inference_compute_infer_duration_us" + Labels()]);
        Assert.Equal(2, after["inference_server_batch_release_total" + Labels("lane_idle")]);
    }

    [Fact]
    public async Task Tags_AreLabelsOfTheModelsSeries()
    {
        using var repository = IdentityRepository("metric_tags { key: \"team\" value: \"a \\\"b\\\"\" }");
        await using var server = await RunningServer.StartAsync(repository.FullPath);

        var text = await TextAsync(server);

        Assert.Contains("nv_inference_count{model=\"m\",version=\"1\",_team=\"a \\\"b\\\"\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_inference_request_failure{model=\"m\",version=\"1\",_team=\"a \\\"b\\\"\",reason=\"OTHER\"} 0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HistogramsAndSummaries_AskedFor_HaveTheModelsBucketsAndTheServersQuantiles()
    {
        using var repository = IdentityRepository(
            "model_metrics { metric_control { metric_identifier { family: \"nv_inference_first_response_histogram_ms\" } histogram_options { buckets: [ 0.5, 60000 ] } } }");
        await using var server = await RunningServer.StartAsync(
            repository.FullPath,
            flags: ["--metrics-config=histogram_latencies=true", "--metrics-config=summary_latencies=true", "--metrics-config=summary_quantiles=0.5:0.05,0.99:0.01", "--metrics-config=counter_latencies=false", "--allow-cpu-metrics=false"]);
        Assert.Contains("nv_inference_queue_summary_us{model=\"m\",version=\"1\",quantile=\"0.99\"} NaN\n", await TextAsync(server), StringComparison.Ordinal);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await server.PostAsync("/v2/models/m/infer", "{\"inputs\":[{\"name\":\"X\",\"datatype\":\"INT32\",\"shape\":[1],\"data\":[7]}]}")).Status);

        var text = await TextAsync(server);

        const string Histogram = "nv_inference_first_response_histogram_ms";
        Assert.Contains($"# TYPE {Histogram} histogram\n{Histogram}_bucket{{model=\"m\",version=\"1\",le=\"0.5\"}} ", text, StringComparison.Ordinal);
        Assert.Contains($"{Histogram}_bucket{{model=\"m\",version=\"1\",le=\"60000\"}} 1\n{Histogram}_bucket{{model=\"m\",version=\"1\",le=\"+Inf\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"{Histogram}_count{{model=\"m\",version=\"1\"}} 1\n", text, StringComparison.Ordinal);
        foreach (var part in new[] { "request", "queue", "compute_input", "compute_infer", "compute_output" })
        {
            Assert.Contains($"# TYPE nv_inference_{part}_summary_us summary\n", text, StringComparison.Ordinal);
            Assert.Contains($"nv_inference_{part}_summary_us_count{{model=\"m\",version=\"1\"}} 1\n", text, StringComparison.Ordinal);
            Assert.DoesNotContain($"nv_inference_{part}_duration_us", text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("nv_inference_queue_summary_us{model=\"m\",version=\"1\",quantile=\"0.99\"} NaN", text, StringComparison.Ordinal);
        Assert.DoesNotContain("nv_cpu_", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HistogramsAndSummaries_NotAskedFor_AreAbsentAndTheMachineIsThere()
    {
        using var repository = IdentityRepository("");
        await using var server = await RunningServer.StartAsync(repository.FullPath);

        var text = await TextAsync(server);

        Assert.DoesNotContain("_summary_us", text, StringComparison.Ordinal);
        Assert.DoesNotContain("_histogram_ms", text, StringComparison.Ordinal);
        Assert.Equal(OperatingSystem.IsLinux(), text.Contains("# TYPE nv_cpu_utilization gauge\n", StringComparison.Ordinal));
        Assert.Contains("process_cpu_seconds_total", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/metrics", 200)]
    [InlineData("GET", "/metrics/", 200)]
    [InlineData("POST", "/metrics", 405)]
    [InlineData("GET", "/other", 404)]
    [InlineData("GET", "/v2/models/stats", 404)]
    public async Task Port_ServesTheMetricsAndNothingElse(string method, string path, int status)
    {
        using var repository = IdentityRepository("");
        await using var server = await RunningServer.StartAsync(repository.FullPath);
        using var client = new HttpClient { Timeout = TestTimeouts.Phase };
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(new Uri(server.MetricsAddress), path));

        using var response = await client.SendAsync(request, Token);

        Assert.Equal(status, (int)response.StatusCode);
        if (status == 200)
        {
            Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        }
    }

    [Fact]
    public async Task WarmupAndStatistics_AgreeOverBothProtocols()
    {
        using var repository = IdentityRepository("model_warmup { name: \"w\" batch_size: 1 count: 3 inputs { key: \"X\" value { data_type: TYPE_INT32 dims: 1 random_data: true } } }");
        await using var server = await RunningServer.StartAsync(repository.FullPath, flags: "--metrics-config=histogram_latencies=true");

        var overHttp = Google.Protobuf.JsonParser.Default.Parse<Inference.ModelStatisticsResponse>(await server.Http.GetStringAsync(new Uri("/v2/models/m/stats", UriKind.Relative), Token));
        var overRpc = await server.Rpc.ModelStatisticsAsync(new Inference.ModelStatisticsRequest(), cancellationToken: Token);
        var text = await TextAsync(server);

        Assert.Equal(overHttp, overRpc);
        Assert.Equal((3UL, 3UL, 3UL), (overRpc.ModelStats[0].ExecutionCount, overRpc.ModelStats[0].InferenceCount, overRpc.ModelStats[0].InferenceStats.Success.Count));
        Assert.True(overRpc.ModelStats[0].LastInference > 0);
        Assert.Contains("nv_inference_request_success{model=\"m\",version=\"1\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_inference_first_response_histogram_ms_count{model=\"m\",version=\"1\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("inference_server_batch_release_total{model=\"m\",version=\"1\",reason=\"warmup\"} 3\n", text, StringComparison.Ordinal);
    }

    private static TemporaryDirectory IdentityRepository(string config)
    {
        var repository = new TemporaryDirectory();
        Directory.CreateDirectory(Path.Combine(repository.FullPath, "m", "1"));
        repository.Write(
            "m/config.pbtxt",
            $"backend: \"identity\" input {{ name: \"X\" data_type: TYPE_INT32 dims: -1 }} output {{ name: \"Y\" data_type: TYPE_INT32 dims: -1 }}\n{config}");
        return repository;
    }

    private static async Task<string> TextAsync(RunningServer server)
    {
        using var client = new HttpClient { Timeout = TestTimeouts.Phase };
        return await client.GetStringAsync(server.MetricsAddress, Token);
    }

    private static string Labels(string? reason = null) => $"{{model=\"digits\",version=\"1\"{(reason is null ? "" : $",reason=\"{reason}\"")}}}";

    private static async Task<Dictionary<string, double>> ScrapeAsync(RunningServer server)
    {
        var text = await TextAsync(server);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(static line => line[0] != '#')
            .Select(static line => line.Split(' '))
            .ToDictionary(static parts => parts[0], static parts => double.Parse(parts[^1], System.Globalization.CultureInfo.InvariantCulture));
    }
}

using System.Globalization;
using System.Net;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>Five models in a process that has memory for two.</summary>
public sealed class MemoryBudgetTests(ITestOutputHelper output)
{
    /// <summary>The weights of each model: 16 MB.</summary>
    private const int Weights = 4_000_000;

    private const int Models = 5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BudgetForTwoOfFive_ServesEveryRequest_AndNeverHoldsMore()
    {
        using var repository = new TemporaryDirectory();
        for (var i = 0; i < Models; i++)
        {
            repository.Write($"m{i}/1/model.onnx", SummingModel.Of(Weights, i + 1));
        }

        // Two fit, with what an engine takes beside the weights; three do not.
        using var server = ServerProcess.Start(
            $"--model-repository={repository.FullPath}", "--model-residency=on-demand", $"--model-memory-budget-bytes={Weights * sizeof(float) * 5L / 2}",
            "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--metrics-address=127.0.0.1");
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        var metrics = server.MetricsAddress;
        Assert.Empty(await ResidentAsync(client, metrics));

        // Fifty callers of a model that is not there.
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => AskAsync(client, 0)));
        var scrape = await client.GetStringAsync(new Uri(metrics, "/metrics"), Token);
        Assert.Contains("inference_server_model_cold_start_total{model=\"m0\"} 1\n", scrape, StringComparison.Ordinal);
        Assert.Contains("inference_server_model_load_total{model=\"m0\",result=\"success\"} 1\n", scrape, StringComparison.Ordinal);

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Token);
        ended.CancelAfter(Stress.IsLong ? TimeSpan.FromMinutes(2) : TimeSpan.FromSeconds(4));
        var watch = WatchAsync(client, metrics, ended.Token);
        var counts = await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => AskManyAsync(client, seed, ended.Token)));
        var (most, looks) = await watch;
        Assert.InRange(most, 1, 2);

        var last = await client.GetStringAsync(new Uri(metrics, "/metrics"), Token);
        var evictions = last.Split('\n').Where(static line => line.StartsWith("inference_server_model_eviction_total", StringComparison.Ordinal)).Sum(static line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
        Assert.True(evictions > 0, last);
        output.WriteLine($"{counts.Sum()} requests by 8 callers, all answered; {evictions} evictions; at most {most} models in memory in {looks} looks; {Stress.ResidentBytes(server.Id) >> 20} MiB resident in the end");
    }

    private static async Task<int> AskManyAsync(HttpClient client, int seed, CancellationToken ended)
    {
        // Each caller asks a model some times before it turns to another one.
        var random = new Random(seed);
        var count = 0;
        while (!ended.IsCancellationRequested)
        {
            var model = random.Next(Models);
            for (var i = random.Next(1, 20); i > 0 && !ended.IsCancellationRequested; i--, count++)
            {
                await AskAsync(client, model);
            }
        }

        return count;
    }

    private static async Task<(int Most, int Looks)> WatchAsync(HttpClient client, Uri metrics, CancellationToken ended)
    {
        var (most, looks) = (0, 0);
        while (!ended.IsCancellationRequested)
        {
            most = Math.Max(most, (await ResidentAsync(client, metrics)).Length);
            looks++;
            await Task.Delay(5, Token);
        }

        return (most, looks);
    }

    /// <summary>The models that take memory now, those included that are on their way out.</summary>
    private static async Task<string[]> ResidentAsync(HttpClient client, Uri metrics)
    {
        var scrape = await client.GetStringAsync(new Uri(metrics, "/metrics"), Token);
        return [.. scrape.Split('\n').Where(static line => line.StartsWith("nv_inference_request_success{", StringComparison.Ordinal))];
    }

    private static async Task AskAsync(HttpClient client, int model)
    {
        using var content = new StringContent("""{"inputs":[{"name":"X","shape":[1],"datatype":"FP32","data":[1]}]}""");
        using var response = await client.PostAsync($"/v2/models/m{model}/infer", content, Token);
        var body = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.StatusCode == HttpStatusCode.OK, body);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"\"data\":[{(model + 1) * Weights}.0]"), body, StringComparison.Ordinal);
    }
}

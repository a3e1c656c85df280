using System.Diagnostics;
using System.Globalization;
using System.Net;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>A model that serves while another one comes and goes beside it.</summary>
public sealed class NeighbourTests(ITestOutputHelper output)
{
    /// <summary>The weights of the neighbour: 44 MB.</summary>
    private const int Weights = 11_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LoadsAndUnloads_DoNotDisturbTheNeighbour()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("a/1/model.onnx", ScaledModel.Of(2));
        repository.Write("b/1/model.onnx", SummingModel.Of(Weights));
        using var server = ServerProcess.Start(
            $"--model-repository={repository.FullPath}", "--model-control-mode=explicit", "--load-model=a",
            "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1");
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };

        // In turns, so that what else the machine does falls on both.
        var (rounds, phase) = Stress.IsLong ? (6, TimeSpan.FromSeconds(10)) : (1, TimeSpan.FromSeconds(2));
        await CycleAsync(client);
        await AskAsync(client, TimeSpan.FromSeconds(2));
        var (calm, disturbed) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            calm.Add(Quantile(await AskAsync(client, phase), 0.99));
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var cycles = CycleUntilAsync(client, ended.Token);
            disturbed.Add(Quantile(await AskAsync(client, phase), 0.99));
            await ended.CancelAsync();
            Assert.True(await cycles > 0, "the neighbour never came");
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"p99 in ms, alone: {string.Join(' ', calm.Select(static p99 => p99.ToString("F2", CultureInfo.InvariantCulture)))}; beside loads: {string.Join(' ', disturbed.Select(static p99 => p99.ToString("F2", CultureInfo.InvariantCulture)))}; ratio of the medians {Quantile(disturbed, 0.5) / Quantile(calm, 0.5):F2}"));
    }

    /// <summary>Asks 200 times a second, and tells how long each answer took. Milliseconds.</summary>
    private static async Task<List<double>> AskAsync(HttpClient client, TimeSpan phase)
    {
        var times = new List<double>();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var end = Stopwatch.GetTimestamp() + (long)(phase.TotalSeconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < end && await timer.WaitForNextTickAsync(Token))
        {
            var started = Stopwatch.GetTimestamp();
            await PostAsync(client, "/v2/models/a/infer", ScaledModel.Question);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return times;
    }

    /// <summary>Loads and unloads the neighbour, once every two seconds.</summary>
    private static async Task<int> CycleUntilAsync(HttpClient client, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(2));
        var count = 0;
        do
        {
            await CycleAsync(client);
            count++;
            await timer.WaitForNextTickAsync(ended).AsTask().ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        while (!ended.IsCancellationRequested);
        return count;
    }

    private static async Task CycleAsync(HttpClient client)
    {
        await PostAsync(client, "/v2/repository/models/b/load", "");
        await PostAsync(client, "/v2/repository/models/b/unload", "");
    }

    private static async Task PostAsync(HttpClient client, string path, string json)
    {
        using var content = new StringContent(json);
        using var response = await client.PostAsync(path, content, Token);
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync(Token));
    }

    private static double Quantile(List<double> values, double quantile) => values.Order().ElementAt((int)(quantile * (values.Count - 1)));
}

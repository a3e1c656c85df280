using System.Net;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>A large model comes and goes in a process of its own, and its memory with it.</summary>
public sealed class MemoryTests(ITestOutputHelper output)
{
    /// <summary>The weights: 44 MB.</summary>
    private const int Weights = 11_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LoadsAndUnloads_LeaveNothingBehind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the memory of a process is read from /proc");
        var cycles = Stress.IsLong ? 200 : 25;
        using var repository = new TemporaryDirectory();
        repository.Write("big/1/model.onnx", SummingModel.Of(Weights));
        repository.Write("small/1/model.onnx", ScaledModel.Of(2));
        using var server = ServerProcess.Start($"--model-repository={repository.FullPath}", "--model-control-mode=explicit", "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1");
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };

        // What the just-in-time compiler makes of the code that runs often comes once, and is no matter of the models.
        var start = Stress.ResidentBytes(server.Id);
        for (var cycle = 0; cycle < 60; cycle++)
        {
            await CycleAsync(client, "small", "2.0");
        }

        var before = Stress.ResidentBytes(server.Id);
        var (early, loaded) = (0L, 0L);
        for (var cycle = 1; cycle <= cycles; cycle++)
        {
            loaded = Math.Max(loaded, await CycleAsync(client, "big", $"{Weights}.0", () => Stress.ResidentBytes(server.Id)));
            early = cycle == 10 ? Stress.ResidentBytes(server.Id) : early;
        }

        var late = Stress.ResidentBytes(server.Id);
        output.WriteLine($"resident: {start >> 20} MiB at start, {before >> 20} MiB after 60 cycles of a small model; of the large one at most {loaded >> 20} MiB while it is loaded, {early >> 20} MiB after cycle 10, {late >> 20} MiB after cycle {cycles}");

        // A short run only tells a lost model.
        Assert.InRange(late, 0, early + (Stress.IsLong ? early / 10 : Weights * sizeof(float) / 2));
    }

    /// <summary>Loads, asks and unloads; ends when the version is gone.</summary>
    private static async Task<long> CycleAsync(HttpClient client, string model, string answer, Func<long>? measure = null)
    {
        await PostAsync(client, $"/v2/repository/models/{model}/load", "");
        Assert.Contains($"\"data\":[{answer}]", await PostAsync(client, $"/v2/models/{model}/infer", ScaledModel.Question), StringComparison.Ordinal);
        var measured = measure?.Invoke() ?? 0;
        await PostAsync(client, $"/v2/repository/models/{model}/unload", "");
        while ((await PostAsync(client, "/v2/repository/index", "")).Contains("\"UNLOADING\"", StringComparison.Ordinal))
        {
            await Task.Delay(5, Token);
        }

        return measured;
    }

    private static async Task<string> PostAsync(HttpClient client, string path, string json)
    {
        using var content = new StringContent(json);
        using var response = await client.PostAsync(path, content, Token);
        var body = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.StatusCode == HttpStatusCode.OK, body);
        return body;
    }
}

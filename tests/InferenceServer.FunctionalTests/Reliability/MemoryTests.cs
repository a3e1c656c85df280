using System.Net;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
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
        repository.Write("big/1/model.onnx", Large());
        using var server = ServerProcess.Start($"--model-repository={repository.FullPath}", "--model-control-mode=explicit", "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1");
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        var before = Stress.ResidentBytes(server.Id);
        var (early, loaded) = (0L, 0L);
        for (var cycle = 1; cycle <= cycles; cycle++)
        {
            await PostAsync(client, "/v2/repository/models/big/load", "");
            Assert.Contains($"\"data\":[{Weights}.0]", await PostAsync(client, "/v2/models/big/infer", ScaledModel.Question), StringComparison.Ordinal);
            loaded = Math.Max(loaded, Stress.ResidentBytes(server.Id));
            await PostAsync(client, "/v2/repository/models/big/unload", "");
            while (!(await PostAsync(client, "/v2/repository/index", "")).Contains("\"UNAVAILABLE\"", StringComparison.Ordinal))
            {
                await Task.Delay(5, Token);
            }

            early = cycle == 10 ? Stress.ResidentBytes(server.Id) : early;
        }

        var late = Stress.ResidentBytes(server.Id);
        output.WriteLine($"resident: {before >> 20} MiB before the first load, at most {loaded >> 20} MiB with the model, {early >> 20} MiB after cycle 10, {late >> 20} MiB after cycle {cycles}");
        Assert.InRange(late, 0, early + (early / 10));
    }

    private static async Task<string> PostAsync(HttpClient client, string path, string json)
    {
        using var content = new StringContent(json);
        using var response = await client.PostAsync(path, content, Token);
        var body = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.StatusCode == HttpStatusCode.OK, body);
        return body;
    }

    /// <summary>X times as many ones as there are weights, added up.</summary>
    private static byte[] Large() => new OnnxModelBuilder()
        .Input("X", OnnxElementType.Float, 1)
        .Output("Y", OnnxElementType.Float, 1)
        .Initializer("weights", OnnxTensor.Floats([Weights], [.. Enumerable.Repeat(1f, Weights)]))
        .Node("Mul", ["X", "weights"], ["products"])
        .Node("ReduceSum", ["products"], ["Y"])
        .Build();
}

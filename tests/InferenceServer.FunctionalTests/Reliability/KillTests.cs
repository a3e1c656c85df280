using System.Net;
using System.Security.Cryptography;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>The process is killed at any moment of a load, an override or a swap, and started again.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int SigKill = 9;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task KilledServer_LeavesTheRepositoryAsItWasAndServesAgain()
    {
        var rounds = Stress.IsLong ? 50 : 4;
        using var repository = new TemporaryDirectory();
        repository.Write("a/1/model.onnx", ScaledModel.Of(2));
        repository.Write("b/1/model.onnx", ScaledModel.Of(3));
        repository.Write("b/config.pbtxt", "max_batch_size: 0");
        var before = Fingerprint(repository.FullPath);
        var replacement = "{\"parameters\":{\"config\":\"{}\",\"file:1/model.onnx\":\"" + Convert.ToBase64String(ScaledModel.Of(5)) + "\"}}";
        var asked = 0;
        for (var round = 0; round < rounds; round++)
        {
            using var server = ServerProcess.Start($"--model-repository={repository.FullPath}", "--model-control-mode=explicit", "--load-model=*", "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1");
            using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
            Assert.Contains("\"data\":[2.0]", await AskAsync(client, "a"), StringComparison.Ordinal);
            Assert.Contains("\"data\":[3.0]", await AskAsync(client, "b"), StringComparison.Ordinal);

            // The server is busy with one thing after another until it is not there any more.
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var busy = KeepBusyAsync(client, replacement, () =>
            {
                asked++;
                begun.TrySetResult();
            });
            await begun.Task.WaitAsync(TestTimeouts.Phase, Token);
            await Task.Delay(Random.Shared.Next(1, 200), Token);
            server.Signal(SigKill);
            await server.WaitForExitAsync();
            await busy;
            Assert.Equal(before, Fingerprint(repository.FullPath));
        }

        output.WriteLine($"killed {rounds} times in the middle of {asked} loads, overrides and unloads");
    }

    private static async Task KeepBusyAsync(HttpClient client, string replacement, Action count)
    {
        try
        {
            while (true)
            {
                foreach (var (path, body) in new[] { ("a/load", replacement), ("b/unload", ""), ("a/load", ""), ("b/load", replacement), ("a/unload", ""), ("b/load", "") })
                {
                    using var content = new StringContent(body);
                    using var response = await client.PostAsync("/v2/repository/models/" + path, content, Token);
                    Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                    count();
                }
            }
        }
        catch (HttpRequestException)
        {
            // The process has gone.
        }
    }

    private static async Task<string> AskAsync(HttpClient client, string model)
    {
        using var content = new StringContent(ScaledModel.Question);
        using var response = await client.PostAsync($"/v2/models/{model}/infer", content, Token);
        return await response.Content.ReadAsStringAsync(Token);
    }

    /// <summary>Every path, and what lies there.</summary>
    private static string Fingerprint(string folder) => string.Join('\n', Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(static path => $"{path} {(File.Exists(path) ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))) : "")} {File.GetLastWriteTimeUtc(path).Ticks}"));
}

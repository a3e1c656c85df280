using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>A server that was put together without the engine's native library, as packages for the wrong system are.</summary>
public sealed class MissingLibraryTests
{
    [Fact]
    public async Task EngineWithoutItsLibrary_IsToldByName_AndTheRestServes()
    {
        using var program = new TemporaryDirectory();
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory).Where(static file => Path.GetExtension(file) is ".dll" or ".json"))
        {
            File.Copy(file, Path.Combine(program.FullPath, Path.GetFileName(file)));
        }

        using var server = ServerProcess.StartProgram(
            Path.Combine(program.FullPath, "inference-server.dll"),
            $"--model-repository={SampleServer.Repository}", "--model-control-mode=explicit", "--load-model=add_sub", "--load-model=identity",
            "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--metrics-address=127.0.0.1");
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        using var served = await client.GetAsync("/v2/models/identity/ready", TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.OK, served.StatusCode);
        using var index = await client.PostAsync("/v2/repository/index", null, TestContext.Current.CancellationToken);
        var told = await index.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("the native library 'onnxruntime' for linux-", told, StringComparison.Ordinal);
        Assert.DoesNotContain(program.FullPath, told, StringComparison.Ordinal);
        Assert.Contains("Unable to load shared library 'onnxruntime'", server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected", server.Log, StringComparison.Ordinal);
        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());
    }
}

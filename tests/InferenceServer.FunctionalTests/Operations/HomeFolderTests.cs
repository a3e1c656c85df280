using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Operations;

/// <summary>What the server leaves on the machine: nothing, unless it is told to. An engine may think otherwise.</summary>
public sealed class HomeFolderTests
{
    [Fact]
    public async Task Process_ThatHasLoadedItsModels_HasWrittenNothingIntoTheFolderOfItsUser()
    {
        using var home = new TemporaryDirectory();
        var environment = new Dictionary<string, string> { ["HOME"] = home.FullPath, ["XDG_CACHE_HOME"] = "", ["DOTNET_EnableDiagnostics"] = "0" };
        using var server = ServerProcess.Start(environment, "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0");
        await server.WaitForSummaryAsync();
        Assert.Contains("onnxruntime", server.Output, StringComparison.Ordinal);
        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());
        Assert.Empty(Directory.EnumerateFileSystemEntries(home.FullPath, "*", SearchOption.AllDirectories));
    }
}

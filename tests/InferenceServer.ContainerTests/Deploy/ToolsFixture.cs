using InferenceServer.ContainerTests.Deploy;
using InferenceServer.ContainerTests.Engine;
using InferenceServer.FunctionalTests.Server;
using Xunit;

[assembly: AssemblyFixture(typeof(ToolsFixture))]

namespace InferenceServer.ContainerTests.Deploy;

/// <summary>What the files of deploy are checked with, where the machine can have it.</summary>
public sealed class ToolsFixture : IAsyncLifetime
{
    private string? _reason;

    /// <summary>The folder that the tools lie in.</summary>
    public static string Folder { get; } = Path.Combine(RepositoryRoot.Path, "artifacts", "deploy");

    public async ValueTask InitializeAsync()
    {
        var canInstall = Command.Find("apt-get") is not null && Environment.UserName == "root";
        if (!canInstall && !File.Exists(Path.Combine(Folder, "render")))
        {
            _reason = "the tools that check deploy cannot be installed here";
            return;
        }

        var (exitCode, output) = await Command.RunAsync(Path.Combine(RepositoryRoot.Path, ".ci", "deploy"));
        Assert.True(exitCode == 0, output);
    }

    /// <summary>Skips the test, with the reason, where the tools are missing.</summary>
    public void Require() => Assert.SkipWhen(_reason is not null, _reason ?? "");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

using System.Diagnostics;
using DotNet.Testcontainers.Configurations;
using InferenceServer.ContainerTests.Engine;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(EngineFixture))]

namespace InferenceServer.ContainerTests.Engine;

/// <summary>Podman as an engine that speaks Docker's API on a socket of its own, and the image, where the machine can have them.</summary>
public sealed class EngineFixture : IAsyncLifetime
{
    /// <summary>The image of the core server.</summary>
    public const string Image = "localhost/inference-server:tests";

    /// <summary>Why no image is to be waited for; whoever builds it for the tests may have given up.</summary>
    private const string WithoutImage = "INFERENCE_SERVER_WITHOUT_IMAGE";

    private readonly string _folder = Directory.CreateTempSubdirectory("container-tests-").FullName;
    private Process? _service;
    private string? _reason;

    /// <summary>Where the engine listens.</summary>
    public Uri Endpoint => new($"unix://{_folder}/engine.sock");

    public async ValueTask InitializeAsync()
    {
        _reason = Environment.GetEnvironmentVariable(WithoutImage) is { Length: > 0 } reason ? reason : null;
        if (_reason is not null)
        {
            return;
        }

        var (exitCode, output) = await Command.RunAsync(Path.Combine(RepositoryRoot.Path, ".ci", "containers"));
        Assert.True(exitCode == 0, output);
        _reason = output.Split('\n').FirstOrDefault(static line => line.StartsWith("no image for the container tests", StringComparison.Ordinal));
        if (_reason is not null)
        {
            return;
        }

        // Its reaper of left containers is an image from a registry.
        TestcontainersSettings.ResourceReaperEnabled = false;
        var start = new ProcessStartInfo("podman") { ArgumentList = { "system", "service", "--time=0", Endpoint.AbsoluteUri } };
        start.Environment["CONTAINERS_CONF"] = Path.Combine(RepositoryRoot.Path, ".ci", "containers.conf");
        _service = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(TestTimeouts.Phase);
        while (!File.Exists(Endpoint.LocalPath))
        {
            Assert.False(_service.HasExited, "podman system service ended");
            await Task.Delay(TimeSpan.FromMilliseconds(20), timeout.Token);
        }
    }

    /// <summary>Skips the test, with the reason, where there is no engine.</summary>
    public void Require() => Assert.SkipWhen(_reason is not null, _reason ?? "");

    public async ValueTask DisposeAsync()
    {
        if (_service is not null)
        {
            _service.Kill();
            await _service.WaitForExitAsync();
            _service.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }
}

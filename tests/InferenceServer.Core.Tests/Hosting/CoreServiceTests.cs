using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Mirrors;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Tests.Mirrors;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Hosting;

/// <summary>The core in a process that starts and stops.</summary>
public sealed class CoreServiceTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly int _exitCode = Environment.ExitCode;

    public void Dispose()
    {
        _folder.Dispose();
        Environment.ExitCode = _exitCode;
    }

    /// <summary>A remote repository that is followed beside it must not keep the failure from being told.</summary>
    [Fact]
    public async Task FolderThatCannotBeRead_EndsTheServer_BesideARemoteRepository()
    {
        using var lifetime = new FakeLifetime();
        var options = new CoreOptions
        {
            Identity = new ServerIdentity("test", "1"),
            Repositories = [Path.Combine(_folder.FullPath, "gone")],
            ControlMode = ModelControlMode.Poll,
            Mirrors = new MirrorOptions { Directory = Path.Combine(_folder.FullPath, "cache") },
        };
        var services = new ServiceCollection();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<IFileSystem>(new FileSystem());
        services.AddSingleton<IRemoteRepository>(new ScriptedRepository());
        services.AddSingleton<IHostApplicationLifetime>(lifetime);
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddInferenceCore(options, static _ => Array.Empty<IBackend>());
        await using var provider = services.BuildServiceProvider();
        var core = provider.GetServices<IHostedService>().OfType<CoreService>().Single();
        await core.StartAsync(TestContext.Current.CancellationToken);
        await lifetime.Stopped.WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
        Assert.Equal(1, Environment.ExitCode);
        await core.StopAsync(TestContext.Current.CancellationToken);
    }

    private sealed class FakeLifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _stopping = new();
        private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Stopped => _stopped.Task;

        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => _stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => _stopped.TrySetResult();

        public void Dispose() => _stopping.Dispose();
    }
}

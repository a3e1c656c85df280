using Xunit;

namespace InferenceServer.FunctionalTests.Server;

/// <summary>One server over the sample repository, shared by the tests that only ask it questions.</summary>
public sealed class SampleServer : IAsyncLifetime
{
    internal RunningServer Server { get; private set; } = null!;

    internal static string Repository => Path.Combine(RepositoryRoot.Path, "model-repository");

    public async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync(Repository, flags: ["--allow-setting-changes=true"]);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

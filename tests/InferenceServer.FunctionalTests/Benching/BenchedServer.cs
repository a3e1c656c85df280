using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.Benching;

/// <summary>A server for load alone: it writes no line for each of many thousand requests, and no other test looks at its counters.</summary>
public sealed class BenchedServer : IAsyncLifetime
{
    internal static readonly string[] Flags = ["--log-info=false", "--allow-client-shm=true", "--model-control-mode=explicit", "--load-model=add_sub", "--load-model=digits", "--load-model=digits_fp16", "--load-model=identity"];

    internal RunningServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync(SampleServer.Repository, flags: Flags);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Grpc.Net.Client;
using InferenceServer.FunctionalTests.Allocations;
using InferenceServer.Testing;

namespace InferenceServer.ContainerTests.Engine;

/// <summary>The server in a container that may do as little as a container can.</summary>
internal sealed class ServerContainer : IAllocatingServer, IAsyncDisposable
{
    private const ushort HttpPort = 8000;
    private const ushort RpcPort = 8001;
    private const ushort MetricsPort = 8002;

    private readonly IContainer _container;

    private ServerContainer(IContainer container)
    {
        _container = container;
        Http = new HttpClient { BaseAddress = AddressOf(HttpPort), Timeout = TestTimeouts.Phase };
        Channel = GrpcChannel.ForAddress(AddressOf(RpcPort));
    }

    public HttpClient Http { get; }

    public GrpcChannel Channel { get; }

    public Uri MetricsAddress => new(AddressOf(MetricsPort), "metrics");

    public string Id => _container.Id;

    /// <summary>Starts a container and waits until the server is ready.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="models">A folder of models, mounted for reading; null for those of the image.</param>
    /// <param name="memory">How much memory the container may take, in bytes; 0 for as much as there is.</param>
    /// <param name="image">The image.</param>
    /// <param name="flags">Flags of the server.</param>
    public static async Task<ServerContainer> StartAsync(EngineFixture engine, string? models = null, long memory = 0, string image = EngineFixture.Image, params string[] flags)
    {
        var builder = new ContainerBuilder(image)
            .WithDockerEndpoint(engine.Endpoint)
            .WithPortBinding(HttpPort, true)
            .WithPortBinding(RpcPort, true)
            .WithPortBinding(MetricsPort, true)
            .WithCommand(flags)
            .WithCreateParameterModifier(parameters =>
            {
                parameters.HostConfig!.ReadonlyRootfs = true;
                parameters.HostConfig.CapDrop = ["ALL"];
                parameters.HostConfig.SecurityOpt = ["no-new-privileges"];
                parameters.HostConfig.Memory = memory;
            })
            .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(static request => request.ForPort(HttpPort).ForPath("/v2/health/ready")));
        var container = (models is null ? builder : builder.WithBindMount(models, "/models", DotNet.Testcontainers.Configurations.AccessMode.ReadOnly)).Build();
        await container.StartAsync().WaitAsync(2 * TestTimeouts.Phase);
        return new ServerContainer(container);
    }

    /// <summary>Runs a program in the container.</summary>
    public async Task<(long ExitCode, string Output)> ExecuteAsync(params string[] command)
    {
        var result = await _container.ExecAsync(command);
        return (result.ExitCode ?? -1, result.Stdout + result.Stderr);
    }

    /// <summary>Asks the engine for something of the container, in its templates.</summary>
    public async Task<string> InspectAsync(string template) => (await Command.RunAsync("podman", "inspect", "--format", template, Id)).Output.Trim();

    public Task<(string Stdout, string Stderr)> GetLogsAsync() => _container.GetLogsAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Channel.Dispose();
        await _container.DisposeAsync();
    }

    private Uri AddressOf(ushort port) => new($"http://{_container.Hostname}:{_container.GetMappedPublicPort(port)}");
}

using Grpc.Core;
using Inference;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

public sealed class MetadataTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ServerLiveAndReady_Asked_FollowTheControl(bool value)
    {
        await using var server = await RpcServer.StartAsync();
        server.Control.Live = value;
        server.Control.Ready = !value;

        Assert.Equal(value, (await server.Client.ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Stop)).Live);
        Assert.Equal(!value, (await server.Client.ServerReadyAsync(new ServerReadyRequest(), cancellationToken: Stop)).Ready);
    }

    [Fact]
    public async Task ModelReady_Asked_IsTrueOrAnError()
    {
        await using var server = await RpcServer.StartAsync();

        Assert.True((await server.Client.ModelReadyAsync(new ModelReadyRequest { Name = "echo" }, cancellationToken: Stop)).Ready);
        Assert.True((await server.Client.ModelReadyAsync(new ModelReadyRequest { Name = "echo", Version = "3" }, cancellationToken: Stop)).Ready);
        Assert.Equal(StatusCode.NotFound, await CodeOf("nothing", ""));
        Assert.Equal(StatusCode.NotFound, await CodeOf("", ""));
        Assert.Equal(StatusCode.Unavailable, await CodeOf("loading", ""));
        Assert.Equal(StatusCode.InvalidArgument, await CodeOf("echo", "one"));

        async Task<StatusCode> CodeOf(string name, string version) =>
            (await Assert.ThrowsAsync<RpcException>(() => server.Client.ModelReadyAsync(new ModelReadyRequest { Name = name, Version = version }, cancellationToken: Stop).ResponseAsync)).StatusCode;
    }

    [Fact]
    public async Task ServerMetadata_Asked_NamesTheServerAndItsExtensions()
    {
        await using var server = await RpcServer.StartAsync();

        var metadata = await server.Client.ServerMetadataAsync(new ServerMetadataRequest(), cancellationToken: Stop);

        Assert.Equal(("tested", "1.2.3"), (metadata.Name, metadata.Version));
        Assert.Equal(ServerExtensions.Names, metadata.Extensions);
    }

    [Fact]
    public async Task ModelMetadata_Asked_ShowsVersionsAndFullShapes()
    {
        await using var server = await RpcServer.StartAsync();

        var metadata = await server.Client.ModelMetadataAsync(new ModelMetadataRequest { Name = "echo" }, cancellationToken: Stop);

        Assert.Equal(("echo", "onnxruntime_onnx"), (metadata.Name, metadata.Platform));
        Assert.Equal(["1", "3"], metadata.Versions);
        var input = Assert.Single(metadata.Inputs);
        Assert.Equal(("IN", "FP32"), (input.Name, input.Datatype));
        Assert.Equal([-1, 4], input.Shape);
        Assert.Equal(("OUT", "BYTES"), (metadata.Outputs.Single().Name, metadata.Outputs.Single().Datatype));
    }

    [Fact]
    public async Task ModelConfig_Asked_IsTheModelsOwn()
    {
        await using var server = await RpcServer.StartAsync();

        var response = await server.Client.ModelConfigAsync(new ModelConfigRequest { Name = "echo" }, cancellationToken: Stop);
        var failure = await Assert.ThrowsAsync<RpcException>(() => server.Client.ModelConfigAsync(new ModelConfigRequest { Name = "nothing" }, cancellationToken: Stop).ResponseAsync);

        Assert.Equal(FakeModel.Config.ToMessage(), response.Config);
        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
        Assert.Contains("nothing", failure.Status.Detail, StringComparison.Ordinal);
    }
}

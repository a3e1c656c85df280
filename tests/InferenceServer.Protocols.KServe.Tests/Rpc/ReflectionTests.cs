using Grpc.Core;
using Grpc.Reflection.V1Alpha;
using Inference;
using InferenceServer.Protocols.KServe.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

public sealed class ReflectionTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reflection_Asked_ListsTheServicesAndTheirFiles()
    {
        await using var server = await RpcServer.StartAsync();

        var services = (await AskAsync(server, new ServerReflectionRequest { ListServices = "" })).ListServicesResponse.Service.Select(static service => service.Name).ToList();
        var files = (await AskAsync(server, new ServerReflectionRequest { FileContainingSymbol = "inference.GRPCInferenceService" })).FileDescriptorResponse.FileDescriptorProto;

        Assert.Contains("inference.GRPCInferenceService", services);
        Assert.Contains("grpc.health.v1.Health", services);
        Assert.Contains(GrpcServiceReflection.Descriptor.SerializedData, files);
    }

    [Fact]
    public async Task Reflection_TurnedOff_IsNotServed()
    {
        await using var server = await RpcServer.StartAsync(new KServeRpcOptions { EnableReflection = false });

        var failure = await Assert.ThrowsAsync<RpcException>(() => AskAsync(server, new ServerReflectionRequest { ListServices = "" }));

        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
    }

    private static async Task<ServerReflectionResponse> AskAsync(RpcServer server, ServerReflectionRequest request)
    {
        using var call = new ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo(cancellationToken: Stop);
        await call.RequestStream.WriteAsync(request, Stop);
        Assert.True(await call.ResponseStream.MoveNext(Stop));
        await call.RequestStream.CompleteAsync();
        return call.ResponseStream.Current;
    }
}

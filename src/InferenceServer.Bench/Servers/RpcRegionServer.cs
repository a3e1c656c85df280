using Grpc.Core;
using Inference;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Rpc;

namespace InferenceServer.Bench.Servers;

/// <summary>Asks over gRPC.</summary>
internal sealed class RpcRegionServer(ServerAddress server, ConnectionSettings settings, TimeProvider clock) : IRegionServer
{
    public async Task RegisterAsync(string name, string key, long length)
    {
        using var channel = new RpcChannel(server, settings);
        var request = new SystemSharedMemoryRegisterRequest { Name = name, Key = key, ByteSize = (ulong)length };
        await new GRPCInferenceService.GRPCInferenceServiceClient(channel.Invoker).SystemSharedMemoryRegisterAsync(request, Options(channel));
    }

    public async Task UnregisterAsync(string name)
    {
        using var channel = new RpcChannel(server, settings);
        await new GRPCInferenceService.GRPCInferenceServiceClient(channel.Invoker).SystemSharedMemoryUnregisterAsync(new SystemSharedMemoryUnregisterRequest { Name = name }, Options(channel));
    }

    private CallOptions Options(RpcChannel channel) => new(channel.Headers, (clock.GetUtcNow() + settings.Timeout).UtcDateTime);
}

using Grpc.Core;
using InferenceServer.LoadGenerator.Rpc;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>ModelInfer that answers with recorded bytes. Only this one method of the service exists here.</summary>
[BindServiceMethod(typeof(EchoRpcService), nameof(Bind))]
internal sealed class EchoRpcService(Recording recording)
{
    private readonly Task<byte[]>? _answer = recording.Grpc is { } bytes ? Task.FromResult(bytes) : null;

    /// <summary>Called by the gRPC library through the attribute above.</summary>
    public static void Bind(ServiceBinderBase binder, EchoRpcService? service) =>
        binder.AddMethod(RawMethod.Echo, service is null ? null! : service.InferAsync);

    public Task<byte[]> InferAsync(byte[] request, ServerCallContext context) =>
        _answer ?? throw new RpcException(new Status(StatusCode.Unimplemented, "the recording has no gRPC answer"));
}

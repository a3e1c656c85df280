using Grpc.Core;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>ModelInfer that answers with recorded bytes. Only this one method of the service exists here.</summary>
internal sealed class EchoRpcService(Recording recording) : RawInferService
{
    private readonly Task<byte[]>? _answer = recording.Grpc is { } bytes ? Task.FromResult(bytes) : null;

    public override Task<byte[]> ModelInfer(byte[] request, ServerCallContext context) =>
        _answer ?? throw new RpcException(new Status(StatusCode.Unimplemented, "the recording has no gRPC answer"));
}

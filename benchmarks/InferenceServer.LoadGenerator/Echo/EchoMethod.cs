using Grpc.Core;
using InferenceServer.Bench.Rpc;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>ModelInfer as the echo endpoint serves it: the request has arrived whole, its bytes are looked at by nobody.</summary>
internal static class EchoMethod
{
    public static Method<byte[], byte[]> Method { get; } = new(
        MethodType.Unary,
        RawMethod.Service,
        RawMethod.Name,
        Marshallers.Create(
            static (message, context) => context.Complete(message),
            static context => context.PayloadAsReadOnlySequence().IsEmpty ? [] : Array.Empty<byte>()),
        RawMethod.Bytes);
}

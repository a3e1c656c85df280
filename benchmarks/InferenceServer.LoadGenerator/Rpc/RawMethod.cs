using Grpc.Core;

namespace InferenceServer.LoadGenerator.Rpc;

/// <summary>ModelInfer with messages that are already bytes, so that neither side of a measurement pays for protobuf here.</summary>
internal static class RawMethod
{
    public const string Service = "inference.GRPCInferenceService";

    public const string Name = "ModelInfer";

    private static readonly Marshaller<byte[]> _bytes = Marshallers.Create(
        static (message, context) => context.Complete(message),
        static context => context.PayloadAsNewBuffer());

    /// <summary>What the client calls.</summary>
    public static Method<byte[], byte[]> Client { get; } = new(MethodType.Unary, Service, Name, _bytes, _bytes);

    /// <summary>What the echo endpoint serves: the request has arrived whole, its bytes are looked at by nobody.</summary>
    public static Method<byte[], byte[]> Echo { get; } = new(
        MethodType.Unary,
        Service,
        Name,
        Marshallers.Create(
            static (message, context) => context.Complete(message),
            static context => context.PayloadAsReadOnlySequence().IsEmpty ? [] : Array.Empty<byte>()),
        _bytes);
}

using Grpc.Core;

namespace InferenceServer.Bench.Rpc;

/// <summary>The methods of inference with messages that are already bytes, so that neither side of a measurement pays for protobuf here.</summary>
internal static class RawMethod
{
    public const string Service = "inference.GRPCInferenceService";

    public const string Name = "ModelInfer";

    /// <summary>Bytes as they are.</summary>
    public static Marshaller<byte[]> Bytes { get; } = Marshallers.Create(
        static (message, context) => context.Complete(message),
        static context => context.PayloadAsNewBuffer());

    /// <summary>One request, one answer.</summary>
    public static Method<byte[], byte[]> Unary { get; } = new(MethodType.Unary, Service, Name, Bytes, Bytes);

    /// <summary>Many requests and answers on one stream.</summary>
    public static Method<StreamMessage, byte[]> Stream { get; } = new(
        MethodType.DuplexStreaming,
        Service,
        "ModelStreamInfer",
        Marshallers.Create<StreamMessage>(static (message, context) => message.WriteTo(context), static _ => throw new NotSupportedException("a client reads no requests")),
        Bytes);
}

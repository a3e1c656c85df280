using Grpc.Core;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>The service's shape as the gRPC library wants it: an abstract method with the rpc's name, bound by the attribute.</summary>
[BindServiceMethod(typeof(RawInferService), nameof(Bind))]
internal abstract class RawInferService
{
    public static void Bind(ServiceBinderBase binder, RawInferService? service) =>
        binder.AddMethod(EchoMethod.Method, service is null ? null! : service.ModelInfer);

    public abstract Task<byte[]> ModelInfer(byte[] request, ServerCallContext context);
}

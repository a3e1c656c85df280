using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// Binds the service's methods with readers of their own: a message that cannot be parsed is its client's fault, while the generated ones let that pass
/// for a failure of the server.
/// </summary>
internal static class InferenceRpcBinding
{
    /// <summary>Named by the attribute of the service, which the library looks for.</summary>
    public static void Bind(ServiceBinderBase binder, GRPCInferenceService.GRPCInferenceServiceBase? service) => GRPCInferenceService.BindService(new Binder(binder), service);

    private sealed class Binder(ServiceBinderBase inner) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) => inner.AddMethod(Careful(method), handler);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) => inner.AddMethod(Careful(method), handler);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) => inner.AddMethod(Careful(method), handler);

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) => inner.AddMethod(Careful(method), handler);

        private static Method<TRequest, TResponse> Careful<TRequest, TResponse>(Method<TRequest, TResponse> method)
            where TRequest : class
            where TResponse : class
        {
            var read = method.RequestMarshaller.ContextualDeserializer;
            var marshaller = Marshallers.Create(method.RequestMarshaller.ContextualSerializer, context => Read(context, read, method.Name));
            return new Method<TRequest, TResponse>(method.Type, method.ServiceName, method.Name, marshaller, method.ResponseMarshaller);
        }

        private static T Read<T>(DeserializationContext context, Func<DeserializationContext, T> read, string rpc)
        {
            try
            {
                return read(context);
            }
            catch (InvalidProtocolBufferException exception)
            {
                throw RpcErrorMapping.ToException(new InferenceError(ErrorCode.InvalidArgument, $"the request of {rpc} is no message of its type: {exception.Message}") { Subject = rpc });
            }
            catch (OutOfMemoryException)
            {
                // Of a field that is longer than any array can be, too.
                throw RpcErrorMapping.ToException(new InferenceError(ErrorCode.ResourceExhausted, $"the server has no memory for the request of {rpc}"));
            }
        }
    }
}

using Grpc.Core;
using Grpc.Core.Interceptors;

namespace InferenceServer.Protocols.KServe.Compression;

/// <summary>
/// Keeps the answers of every rpc but the two that infer as they are: compression is asked for by the operator for tensors, and what is
/// small only grows by it.
/// </summary>
internal sealed class PlainAnswerInterceptor : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (!context.Method.EndsWith("/ModelInfer", StringComparison.Ordinal))
        {
            context.WriteOptions = new WriteOptions(WriteFlags.NoCompress);
        }

        return continuation(request, context);
    }
}

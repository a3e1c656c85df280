using Grpc.Core;
using Grpc.Core.Interceptors;
using Inference;
using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Restrictions;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// The second half of the one decision about access, for rpcs: who the caller is has been found out before, and here is the message that says which model is meant.
/// It is only there where callers are asked who they are. Streams name a model in each of their messages, and each is decided on as it comes.
/// </summary>
internal sealed class AccessInterceptor(IModelControl control) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var caller = Check(request, context);
        var response = await continuation(request, context).ConfigureAwait(false);

        // By name, what is asked for is what is shown: an alias may be answered for by a model that is called otherwise.
        if (caller is not null && request is RepositoryIndexRequest or ModelStatisticsRequest { Name: "" })
        {
            MessageAccess.Cut(caller, response);
        }

        return response;
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(request, context);
        return continuation(request, responseStream, context);
    }

    private Caller? Check(object request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        var caller = http.Features.Get<Caller>();
        return MessageAccess.FindRefusal(caller, control, request).Counted(http) is { } refusal ? throw RpcErrorMapping.ToException(refusal) : caller;
    }
}

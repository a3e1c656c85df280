using Microsoft.Extensions.Logging;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Log messages of the gRPC front end: event ids 6000 to 6999.</summary>
internal static partial class RpcLog
{
    [LoggerMessage(6000, LogLevel.Error, "The rpc {Method} failed with an unexpected exception (request {RequestId}, trace of the caller: {TraceId})")]
    public static partial void UnexpectedFailure(ILogger logger, Exception exception, string method, string requestId, string traceId);
}

using Microsoft.Extensions.Logging;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Log messages of the HTTP front end: event ids 5000 to 5999.</summary>
internal static partial class HttpLog
{
    [LoggerMessage(5000, LogLevel.Error, "The route {Route} failed with an unexpected exception (request {RequestId}, trace of the caller: {TraceId})")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string route, string requestId, string traceId);
}

using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Observation;

/// <summary>Log messages of answered requests: event ids 4500 to 4599.</summary>
internal static partial class ObservationLog
{
    [LoggerMessage(4500, LogLevel.Information, "Request {RequestId} {Protocol} {Model} {Version} {Outcome} {Code} rows={Rows} batch={BatchRows} queue_us={QueueUs} compute_us={ComputeUs} total_us={TotalUs} bytes_in={BytesIn} bytes_out={BytesOut} caller={Caller} trace={TraceId} skipped={Skipped}")]
    public static partial void Answered(
        ILogger logger, string requestId, string protocol, string model, long version, int code, string outcome, int rows, int batchRows, long queueUs, long computeUs, long totalUs, long bytesIn, long bytesOut, string caller, string traceId, long skipped);
}

using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Tracing;

/// <summary>Log messages of tracing: event ids 4100 to 4199. None of them has the path of the file.</summary>
internal static partial class TraceLog
{
    [LoggerMessage(4100, LogLevel.Warning, "Traces are dropped: more of them come than can be written. This is said once; how many were dropped is said at the end")]
    public static partial void Dropping(ILogger logger);

    [LoggerMessage(4101, LogLevel.Warning, "{Count} traces were dropped")]
    public static partial void Dropped(ILogger logger, long count);

    [LoggerMessage(4102, LogLevel.Warning, "A trace could not be written ({Reason}); it is dropped, the next one is tried. This is said once")]
    public static partial void WriteFailed(ILogger logger, string reason);

    [LoggerMessage(4103, LogLevel.Warning, "The traces have reached their limit of {Bytes} bytes; all that follow are dropped")]
    public static partial void Full(ILogger logger, long bytes);

    [LoggerMessage(4104, LogLevel.Warning, "The last traces could not be written in time: they are lost")]
    public static partial void StopTimedOut(ILogger logger);
}

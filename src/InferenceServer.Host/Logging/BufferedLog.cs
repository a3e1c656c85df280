using Serilog.Sinks.Async;

namespace InferenceServer.Host.Logging;

/// <summary>
/// What stands between those who log and the standard error: a bounded queue, and one thread that writes. A reader of the log that has stopped reading costs lines and not requests.
/// </summary>
internal sealed class BufferedLog : IAsyncLogEventSinkMonitor
{
    /// <summary>The most lines that wait to be written.</summary>
    public const int Capacity = 10_000;

    private IAsyncLogEventSinkInspector? _queue;

    /// <summary>How many lines were lost.</summary>
    public long Dropped => _queue?.DroppedMessagesCount ?? 0;

    public void StartMonitoring(IAsyncLogEventSinkInspector inspector) => _queue = inspector;

    public void StopMonitoring(IAsyncLogEventSinkInspector inspector)
    {
        // What has been lost stays so.
    }
}

using Serilog.Core;
using Serilog.Events;

namespace InferenceServer.FunctionalTests.Server;

/// <summary>Keeps every event that the server logs.</summary>
internal sealed class EventSink : ILogEventSink
{
    private readonly List<LogEvent> _events = [];

    /// <summary>What has been logged so far.</summary>
    public IReadOnlyList<LogEvent> Events
    {
        get
        {
            lock (_events)
            {
                return [.. _events];
            }
        }
    }

    public void Emit(LogEvent logEvent)
    {
        lock (_events)
        {
            _events.Add(logEvent);
        }
    }
}

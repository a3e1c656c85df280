using System.Collections.Concurrent;
using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.Onnx.Messages;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>Takes what the engine logs, from any of its threads, to the log of the model that it is about.</summary>
internal sealed class EngineLog
{
    /// <summary>What the engine says of where nodes run is among its most talkative lines, the rest of which nobody asked for.</summary>
    private const string Placement = "placed on [";

    /// <summary>What the engine warns of whenever it writes a graph: that it is for this machine, which the name it is kept under says.</summary>
    private const string Written = "Serializing optimized model";

    private readonly ConcurrentDictionary<string, SessionLog> _sessions = new(StringComparer.Ordinal);
    private long _last;

    /// <summary>Gives a session an id to log under, until the result is disposed.</summary>
    public SessionLog Add(ModelLoadContext context)
    {
        var number = Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
        var log = new SessionLog($"s{number}", context.Log, Path.GetDirectoryName(context.ModelFile), this);
        _sessions[log.Id] = log;
        return log;
    }

    public void Remove(SessionLog log) => _sessions.TryRemove(log.Id, out _);

    /// <summary>The engine's callback. Nothing may be thrown into native code, so a log that throws loses its line.</summary>
    public void Receive(nint parameter, OrtLoggingLevel severity, string category, string logId, string location, string message)
    {
        try
        {
            // A run's id is its session's with more behind a colon.
            var end = logId.IndexOf(':', StringComparison.Ordinal);
            if (_sessions.TryGetValue(end < 0 ? logId : logId[..end], out var session))
            {
                var text = EngineMessage.Clean(message, session.Folder);
                if (severity >= OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING)
                {
                    if (!text.StartsWith(Written, StringComparison.Ordinal))
                    {
                        session.Log.Warning(text);
                    }
                }
                else if (text.Contains(Placement, StringComparison.Ordinal))
                {
                    session.Log.Info(text);
                }
            }
        }
        catch (Exception)
        {
            // See above.
        }
    }
}

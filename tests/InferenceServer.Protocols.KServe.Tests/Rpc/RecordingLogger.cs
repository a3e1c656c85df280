using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>Keeps what was logged at the levels of warning and above.</summary>
internal sealed class RecordingLogger : ILoggerProvider, ILogger
{
    public ConcurrentQueue<(EventId Id, LogLevel Level, Exception? Exception, string Message)> Entries { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Entries.Enqueue((eventId, logLevel, exception, formatter(state, exception)));
        }
    }

    public void Dispose()
    {
    }
}

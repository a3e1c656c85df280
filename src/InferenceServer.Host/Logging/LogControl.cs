using InferenceServer.Core.Logging;
using Serilog.Core;
using Serilog.Events;

namespace InferenceServer.Host.Logging;

/// <summary>The settings of the log and the switches that follow them. Loggers read the switches and the current settings at every event.</summary>
internal sealed class LogControl : ILogControl
{
    private const LogEventLevel Nothing = LogEventLevel.Fatal + 1;

    private readonly Lock _lock = new();
    private volatile LogSettings _current;

    public LogControl(LogSettings settings)
    {
        _current = settings;
        Set(settings);
    }

    public LogSettings Current => _current;

    /// <summary>The least level of the server's own events.</summary>
    public LoggingLevelSwitch Own { get; } = new();

    /// <summary>The least level of the events of its libraries.</summary>
    public LoggingLevelSwitch Libraries { get; } = new();

    /// <summary>
    /// The least level of the web server's events about the beginning and the end of every request. While any of them could be logged the
    /// web server makes an activity and a scope for every request, so that they are off until somebody wants the libraries' details.
    /// </summary>
    public LoggingLevelSwitch Requests { get; } = new();

    /// <summary>True when the libraries' details are wanted.</summary>
    public bool IsVerbose => _current.VerboseLevel > 1;

    public LogSettings Apply(LogSettingsUpdate update)
    {
        lock (_lock)
        {
            var settings = update.ApplyTo(_current);
            _current = settings;
            Set(settings);
            return settings;
        }
    }

    private void Set(LogSettings settings)
    {
        Own.MinimumLevel = settings.VerboseLevel > 0 ? LogEventLevel.Debug : LogEventLevel.Information;
        Libraries.MinimumLevel = settings.VerboseLevel > 1 ? LogEventLevel.Debug : LogEventLevel.Warning;
        Requests.MinimumLevel = settings.VerboseLevel > 1 ? LogEventLevel.Debug : Nothing;
    }
}

using InferenceServer.Core.Logging;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Compact;

namespace InferenceServer.Host.Logging;

/// <summary>Makes the process's logger: one line an event on standard error, as text or as JSON. It follows its settings while it runs.</summary>
internal static class ServerLogging
{
    private const string DefaultTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}";
    private const string Iso8601Template = "{UtcTimestamp:yyyy-MM-ddTHH:mm:ss.ffffffZ} {Level:u3} {Message:lj}";
    private const string RequestsSource = "Microsoft.AspNetCore.Hosting.Diagnostics";

    /// <summary>What the web server says at the ends of connections that have asked for too much at once, or that it has lost amid it.</summary>
    private static readonly string[] s_floods = ["maximum queue size", "ENHANCE_YOUR_CALM", "application never completed"];

    public static Logger Create(LogControl control, BufferedLog lines, params ILogEventSink[] sinks)
    {
        var configuration = new LoggerConfiguration()
            .MinimumLevel.ControlledBy(control.Own)
            .MinimumLevel.Override("Microsoft", control.Libraries)
            .MinimumLevel.Override("Grpc", control.Libraries)
            .MinimumLevel.Override("System", control.Libraries)
            .MinimumLevel.Override(RequestsSource, control.Requests)
            .Filter.ByIncludingOnly(logEvent => IsWanted(control.Current, logEvent.Level) && (control.IsVerbose || !(IsGoneClient(logEvent) || IsFlood(logEvent))));

        foreach (var sink in sinks)
        {
            configuration.WriteTo.Sink(sink);
        }

        // Standard output is for the start-up summary and for tools; a log that is piped away must not take it along.
        return configuration
            .WriteTo.Async(
                to => to
                    .Conditional(_ => control.Current.Format == LogFormat.Default, static to => Write(to, new LineFormatter(DefaultTemplate)))
                    .WriteTo.Conditional(_ => control.Current.Format == LogFormat.Iso8601, static to => Write(to, new LineFormatter(Iso8601Template)))
                    .WriteTo.Conditional(_ => control.Current.Format == LogFormat.Json, static to => Write(to, new RenderedCompactJsonFormatter())),
                BufferedLog.Capacity,
                blockWhenFull: false,
                lines)
            .CreateLogger();
    }

    private static void Write(LoggerSinkConfiguration to, ITextFormatter formatter) => to.Console(formatter, standardErrorFromLevel: LogEventLevel.Verbose);

    /// <summary>
    /// True for what the gRPC library reports as an error when a client has merely gone: that is ordinary, and no one can act upon it.
    /// </summary>
    private static bool IsGoneClient(LogEvent logEvent) =>
        logEvent.Exception is IOException or OperationCanceledException
        && SourceOf(logEvent).StartsWith("Grpc.", StringComparison.Ordinal);

    /// <summary>
    /// True for what the web server reports as fatal when it has ended a connection that asked for too much at once: it is fatal for that connection only, and
    /// whoever wants could fill the log with it.
    /// </summary>
    private static bool IsFlood(LogEvent logEvent) =>
        logEvent.Level >= LogEventLevel.Error
        && SourceOf(logEvent).StartsWith("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal)
        && s_floods.Any(part => logEvent.MessageTemplate.Text.Contains(part, StringComparison.Ordinal));

    private static string SourceOf(LogEvent logEvent) =>
        logEvent.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source) && source is ScalarValue { Value: string name } ? name : "";

    private static bool IsWanted(LogSettings settings, LogEventLevel level) => level switch
    {
        LogEventLevel.Error or LogEventLevel.Fatal => settings.Error,
        LogEventLevel.Warning => settings.Warning,
        LogEventLevel.Information => settings.Info,
        _ => true,
    };
}

using InferenceServer.Host.Options;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace InferenceServer.Host.Logging;

/// <summary>Makes the process's logger: one line an event on standard error, as text or as JSON.</summary>
internal static class ServerLogging
{
    private const string DefaultTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}";
    private const string Iso8601Template = "{UtcTimestamp:yyyy-MM-ddTHH:mm:ss.ffffffZ} {Level:u3} {Message:lj}{NewLine}{Exception}";

    public static Logger Create(LogOptions options, params ILogEventSink[] sinks)
    {
        var configuration = new LoggerConfiguration()
            .MinimumLevel.Is(options.Verbosity > 0 ? LogEventLevel.Debug : LogEventLevel.Information)
            .MinimumLevel.Override("Microsoft", options.Verbosity > 1 ? LogEventLevel.Debug : LogEventLevel.Warning)
            .MinimumLevel.Override("Grpc", options.Verbosity > 1 ? LogEventLevel.Debug : LogEventLevel.Warning)
            .MinimumLevel.Override("System", options.Verbosity > 1 ? LogEventLevel.Debug : LogEventLevel.Warning)
            .Filter.ByIncludingOnly(logEvent => IsWanted(options, logEvent.Level) && (options.Verbosity > 1 || !IsGoneClient(logEvent)));

        foreach (var sink in sinks)
        {
            configuration.WriteTo.Sink(sink);
        }

        // Standard output is for the start-up summary and for tools; a log that is piped away must not take it along.
        return options.Format switch
        {
            LogFormat.Json => configuration.WriteTo.Console(new RenderedCompactJsonFormatter(), standardErrorFromLevel: LogEventLevel.Verbose).CreateLogger(),
            LogFormat.Iso8601 => WriteText(configuration, Iso8601Template),
            _ => WriteText(configuration, DefaultTemplate),
        };
    }

    private static Logger WriteText(LoggerConfiguration configuration, string template) => configuration
        .WriteTo.Console(outputTemplate: template, standardErrorFromLevel: LogEventLevel.Verbose, formatProvider: System.Globalization.CultureInfo.InvariantCulture)
        .CreateLogger();

    /// <summary>
    /// True for what the gRPC library reports as an error when a client has merely gone: that is ordinary, and no one can act upon it.
    /// </summary>
    private static bool IsGoneClient(LogEvent logEvent) =>
        logEvent.Exception is IOException or OperationCanceledException
        && logEvent.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source)
        && source is ScalarValue { Value: string name }
        && name.StartsWith("Grpc.", StringComparison.Ordinal);

    private static bool IsWanted(LogOptions options, LogEventLevel level) => level switch
    {
        LogEventLevel.Error or LogEventLevel.Fatal => options.Error,
        LogEventLevel.Warning => options.Warning,
        LogEventLevel.Information => options.Info,
        _ => true,
    };
}

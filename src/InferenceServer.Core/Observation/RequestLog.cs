using InferenceServer.Core.Logging;
using InferenceServer.Core.Tracing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Core.Observation;

/// <summary>
/// One line for a request when its answer has left: who, what, how it went and how long it took. What a request carries is never in it. Which requests get one is a matter of
/// <see cref="RequestLogOptions"/>; one that gets none costs a few reads and, where a part is wanted, a number by chance.
/// </summary>
public sealed class RequestLog
{
    private readonly ILogger _logger;
    private readonly RequestLogOptions _options;
    private readonly Func<double> _chance;
    private readonly LineBudget _good;
    private readonly LineBudget _failed;

    /// <summary>Makes the log.</summary>
    /// <param name="logger">Where the lines go.</param>
    /// <param name="options">Which requests get one.</param>
    /// <param name="time">The clock.</param>
    public RequestLog(ILogger<RequestLog> logger, RequestLogOptions options, TimeProvider time)
        : this(logger, options, time, Random.Shared.NextDouble)
    {
    }

    internal RequestLog(ILogger logger, RequestLogOptions options, TimeProvider time, Func<double> chance)
    {
        ArgumentNullException.ThrowIfNull(options);
        _logger = logger;
        _options = options;
        _chance = chance;
        _good = new LineBudget(options.LinesPerSecond, time);
        _failed = new LineBudget(options.LinesPerSecond, time);
    }

    /// <summary>A log that has no lines.</summary>
    internal static RequestLog None { get; } = new(NullLogger.Instance, new RequestLogOptions { Share = 0, LogsFailures = false }, TimeProvider.System, static () => 1);

    internal void Write(RequestRecord record, TimeSpan total, bool isGood)
    {
        if (!IsChosen(isGood) || !_logger.IsEnabled(LogLevel.Information) || !(isGood ? _good : _failed).TryTake(out var skipped))
        {
            return;
        }

        var context = TraceContext.Parse(record.TraceParent);
        var times = record.Times;
        var name = record.Name;
        ObservationLog.Answered(
            _logger,
            name.Length > 0 ? ClippedText.Of(name, MaxName) : "-",
            RequestProtocols.NameOf(record.Protocol),
            ClippedText.Of(record.ModelName, MaxName),
            record.ModelVersion,
            record.Code,
            record.HasBrokenOff ? "broken off" : record.IsFromCache ? "cached" : isGood ? "ok" : "failed",
            record.Rows,
            record.BatchRows,
            Microseconds(record.Queued),
            Microseconds(times.Input + times.Infer + times.Output),
            Microseconds(total),
            record.InputBytes,
            record.OutputBytes,
            record.Caller is { } caller ? ClippedText.Of(caller.Id, MaxName) : "-",
            record.Trace?.TraceId ?? (context.IsEmpty ? "-" : context.TraceId),
            skipped);
    }

    /// <summary>What clients may write at any length is cut beyond this many characters.</summary>
    private const int MaxName = 256;

    private bool IsChosen(bool isGood) => isGood
        ? _options.Share > 0 && (_options.Share >= 1 || _chance() < _options.Share)
        : _options.LogsFailures;

    private static long Microseconds(TimeSpan duration) => duration.Ticks / TimeSpan.TicksPerMicrosecond;
}

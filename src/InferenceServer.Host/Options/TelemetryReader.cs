using System.Globalization;
using System.IO.Abstractions;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Host.Options;

/// <summary>Reads what is measured, traced and logged of requests.</summary>
/// <param name="configuration">appsettings.json and the environment.</param>
/// <param name="values">The options.</param>
/// <param name="files">The file system.</param>
/// <param name="errors">Where errors go.</param>
internal sealed class TelemetryReader(IConfiguration configuration, OptionValues values, IFileSystem files, List<string> errors)
{
    private const string All = "all";
    private const string Failed = "failed";
    private const string Off = "off";

    /// <summary>What is traced, and what goes to a collector of OpenTelemetry.</summary>
    public (TraceOptions Tracing, OpenTelemetryOptions OpenTelemetry) ReadTracing()
    {
        var (given, source) = values.Raw(OptionTable.TraceConfig);
        var config = new TraceConfigReader(files, source, errors).Read(given.Where(static value => value.Length > 0));
        var variables = new OpenTelemetryReader(configuration, errors);
        var telemetry = variables.Read(config);
        var options = config.Options;
        if (telemetry.Traces)
        {
            var (sampled, follows) = variables.ReadSampler();
            var (start, isOwn) = (options.Start, config.HasSampling || config.WantsSpans);
            options = options with
            {
                Spans = new SpanOptions(config.HasPhases),
                FollowsCallers = !isOwn && follows,
                Start = start with
                {
                    Levels = config.HasLevels ? start.Levels : isOwn ? TraceLevels.Timestamps : sampled.Levels,
                    Rate = isOwn ? start.Rate : sampled.Rate,
                    Share = isOwn ? null : sampled.Share,
                },
            };
        }

        if (options.Start.FindProblem(options) is { } problem)
        {
            errors.Add($"{source}: {problem}");
        }

        return (options, telemetry);
    }

    /// <summary>Which metrics there are.</summary>
    public MetricsOptions ReadMetrics()
    {
        var (given, source) = values.Raw(OptionTable.MetricsConfig);
        var problems = new List<string>();
        var options = MetricsConfigReader.Read(given.Where(static value => value.Length > 0), problems);
        errors.AddRange(problems.Select(problem => $"{source}: {problem}"));
        return options with
        {
            UsesNamespaces = values.Boolean(OptionTable.ModelNamespacing),
            CpuMetrics = values.Boolean(OptionTable.AllowCpuMetrics),
            GpuMetrics = values.Boolean(OptionTable.AllowGpuMetrics),
            Interval = TimeSpan.FromMilliseconds(values.Number(OptionTable.MetricsInterval)),
        };
    }

    /// <summary>Which requests get a line in the log.</summary>
    public RequestLogOptions ReadRequestLog()
    {
        var (given, source) = values.Raw(OptionTable.LogRequests);
        var options = new RequestLogOptions { LinesPerSecond = (int)values.Number(OptionTable.LogRequestsPerSecond) };
        switch (given[^1])
        {
            case All:
                return options;
            case Failed:
                return options with { Share = 0 };
            case Off:
                return options with { Share = 0, LogsFailures = false };
            case var text when double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1:
                return options with { Share = share };
            default:
                errors.Add($"{source}: expected {All}, {Failed}, {Off} or a number from 0 to 1, got '{given[^1]}'");
                return options;
        }
    }
}

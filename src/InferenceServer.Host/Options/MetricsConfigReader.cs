using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Host.Options;

/// <summary>Reads the settings of the metrics, each <c>&lt;setting&gt;=&lt;value&gt;</c>; the last of one name counts.</summary>
internal static class MetricsConfigReader
{
    /// <summary>The most quantiles of a summary: each is a series of every version.</summary>
    public const int MaxQuantiles = 20;

    /// <summary>The most buckets of a histogram: each is several series of every version.</summary>
    public const int MaxBuckets = 40;

    /// <summary>The smallest error of a quantile: the smaller it is, the more measurements are kept.</summary>
    public const double MinError = 0.0001;

    /// <summary>Every setting.</summary>
    public static ImmutableArray<SettingDescription> Settings { get; } =
    [
        new("counter_latencies", "true or false", "true", "Shows the summed times of requests. The counts are shown in any case."),
        new("histogram_latencies", "true or false", "false", "Shows the histogram of the time to the first response, nv_inference_first_response_histogram_ms."),
        new("summary_latencies", "true or false", "false", "Shows the summaries of times, with quantiles of the last minute; five locks a request."),
        new("summary_quantiles", string.Create(CultureInfo.InvariantCulture, $"<quantile>:<error>,… of numbers from 0 to 1, errors of at least {MinError}, at most {MaxQuantiles}"), string.Join(',', MetricsOptions.DefaultQuantiles.Select(static target => string.Create(CultureInfo.InvariantCulture, $"{target.Quantile}:{target.Error}"))), "Which quantiles the summaries have, and the error that each may have."),
        new("duration_histograms", "true or false", "true", "Shows the histograms of the times of requests and of their phases."),
        new("duration_buckets", string.Create(CultureInfo.InvariantCulture, $"seconds, ascending, at most {MaxBuckets}"), string.Join(',', RequestDurations.DefaultBounds.Select(static bound => (bound / 1000).ToString(CultureInfo.InvariantCulture))), "The bounds of those histograms."),
    ];

    /// <summary>Reads the settings.</summary>
    /// <param name="values">The settings as they are written.</param>
    /// <param name="problems">What is wrong with them, half a sentence each.</param>
    public static MetricsOptions Read(IEnumerable<string> values, ICollection<string> problems)
    {
        var options = new MetricsOptions();
        foreach (var value in values)
        {
            var equals = value.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                problems.Add($"expected <setting>=<value>, got '{value}'");
                continue;
            }

            var (setting, text) = (value[..equals], value[(equals + 1)..]);
            options = setting switch
            {
                "counter_latencies" => options with { CounterLatencies = Boolean(setting, text, options.CounterLatencies, problems) },
                "histogram_latencies" => options with { HistogramLatencies = Boolean(setting, text, options.HistogramLatencies, problems) },
                "summary_latencies" => options with { SummaryLatencies = Boolean(setting, text, options.SummaryLatencies, problems) },
                "duration_histograms" => options with { Durations = Boolean(setting, text, options.Durations, problems) },
                "duration_buckets" => options with { DurationBounds = Buckets(text, problems) },
                "summary_quantiles" => options with { SummaryQuantiles = Quantiles(text, problems) },
                _ => Unknown(setting, options, problems),
            };
        }

        return options;
    }

    private static MetricsOptions Unknown(string setting, MetricsOptions options, ICollection<string> problems)
    {
        var names = Settings.Select(static one => one.Name).ToArray();
        var near = Nearest.Of(setting, names);
        problems.Add($"'{setting}' is no setting of the metrics, expected {string.Join(", ", names)}{(near is null ? "" : $"; did you mean '{near}'?")}");
        return options;
    }

    private static bool Boolean(string setting, string text, bool otherwise, ICollection<string> problems)
    {
        switch (text.ToUpperInvariant())
        {
            case "TRUE" or "ON" or "1":
                return true;
            case "FALSE" or "OFF" or "0":
                return false;
            default:
                problems.Add($"{setting} expects true or false, got '{text}'");
                return otherwise;
        }
    }

    private static ImmutableArray<QuantileTarget> Quantiles(string text, ICollection<string> problems)
    {
        var targets = new List<QuantileTarget>();
        foreach (var pair in text.Split(','))
        {
            var colon = pair.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !TryRead(pair.AsSpan(0, colon), out var quantile) || !TryRead(pair.AsSpan(colon + 1), out var error))
            {
                problems.Add($"summary_quantiles expects <quantile>:<error>,... with numbers from 0 to 1, got '{pair}'");
            }
            else if (error < MinError)
            {
                problems.Add($"summary_quantiles expects an error of at least {MinError.ToString(CultureInfo.InvariantCulture)}, since a smaller one would keep every measurement, got '{pair}'");
            }
            else if (targets.Exists(target => target.Quantile == quantile))
            {
                problems.Add($"summary_quantiles names the quantile {quantile.ToString(CultureInfo.InvariantCulture)} twice");
            }
            else
            {
                targets.Add(new QuantileTarget(quantile, error));
            }
        }

        if (targets.Count > MaxQuantiles)
        {
            problems.Add($"summary_quantiles names {targets.Count} quantiles, expected at most {MaxQuantiles}");
        }

        return [.. targets];
    }

    private static ImmutableArray<double> Buckets(string text, ICollection<string> problems)
    {
        var bounds = new List<double>();
        foreach (var number in text.Split(','))
        {
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var seconds) || !double.IsFinite(seconds) || seconds <= 0
                || (bounds.Count > 0 && seconds * 1000 <= bounds[^1]))
            {
                problems.Add($"duration_buckets expects numbers of seconds that ascend, above 0, got '{number}'");
                return RequestDurations.DefaultBounds;
            }

            bounds.Add(seconds * 1000);
        }

        if (bounds.Count > MaxBuckets)
        {
            problems.Add($"duration_buckets names {bounds.Count} buckets, expected at most {MaxBuckets}");
        }

        return [.. bounds];
    }

    private static bool TryRead(ReadOnlySpan<char> text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number) && number is >= 0 and <= 1;
}

using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Host.Options;

/// <summary>
/// Reads the standard variables of OpenTelemetry (its specification: General SDK Configuration) as far as the server itself has to know of them: whether there is a collector, and
/// which requests are traced for it. A server sends nothing unless one of them names an exporter or an address.
/// </summary>
internal sealed class OpenTelemetryReader
{
    private const string Prefix = "OTEL_";
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private readonly ImmutableSortedDictionary<string, string> _variables;
    private readonly List<string> _errors;

    public OpenTelemetryReader(IConfiguration configuration, List<string> errors)
    {
        _variables = configuration.AsEnumerable()
            .Where(static pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal) && pair.Value is { Length: > 0 })
            .ToImmutableSortedDictionary(static pair => pair.Key, static pair => pair.Value!, StringComparer.Ordinal);
        _errors = errors;
    }

    private bool IsDisabled => string.Equals(Find("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>What goes to a collector.</summary>
    /// <param name="trace">What <c>--trace-config</c> says.</param>
    public OpenTelemetryOptions Read(TraceConfig trace)
    {
        var variables = _variables;
        foreach (var (name, value) in trace.Variables)
        {
            variables = variables.SetItem(name, name == TraceConfigReader.Resource && variables.TryGetValue(name, out var before) ? $"{before},{value}" : value);
        }

        return new OpenTelemetryOptions
        {
            Traces = !IsDisabled && (trace.WantsSpans || IsWanted("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")),
            Metrics = !IsDisabled && IsWanted("OTEL_METRICS_EXPORTER", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"),
            Variables = variables,
        };
    }

    /// <summary>Which requests are traced, where <c>--trace-config</c> leaves it open: all, unless <c>OTEL_TRACES_SAMPLER</c> says otherwise.</summary>
    public (TraceSettings Settings, bool FollowsCallers) ReadSampler()
    {
        var name = Find("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
        var follows = name.StartsWith("parentbased_", StringComparison.Ordinal);
        double? share = (follows ? name["parentbased_".Length..] : name) switch
        {
            "always_on" => 1,
            "always_off" => 0,
            "traceidratio" => Ratio(),
            _ => null,
        };
        if (share is null)
        {
            _errors.Add($"OTEL_TRACES_SAMPLER: expected always_on, always_off or traceidratio, each also as parentbased_<name>, got '{name}'");
        }

        // Without a caller who traces nothing is left of it.
        var isOff = share == 0 && !follows;
        return (TraceSettings.Default with { Levels = isOff ? TraceLevels.Off : TraceLevels.Timestamps, Rate = share is 0 ? 0 : Math.Max(1, (long)Math.Round(1 / (share ?? 1))), Share = share ?? 1 }, follows);
    }

    private string? Find(string name) => _variables.GetValueOrDefault(name);

    private bool IsWanted(string exporter, string endpoint)
    {
        var wanted = Find(exporter);
        if (wanted is null)
        {
            return Find(endpoint) is not null || Find(Endpoint) is not null;
        }

        var names = wanted.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

        // Prometheus scrapes without being asked to.
        if (names.FirstOrDefault(static name => name is not ("otlp" or "none" or "prometheus")) is { } other)
        {
            _errors.Add($"{exporter}: expected otlp or none, got '{other}'");
        }

        return names.Contains("otlp");
    }

    private double Ratio()
    {
        var text = Find("OTEL_TRACES_SAMPLER_ARG") ?? "1";
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1)
        {
            return ratio;
        }

        _errors.Add($"OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1, got '{text}'");
        return 1;
    }
}

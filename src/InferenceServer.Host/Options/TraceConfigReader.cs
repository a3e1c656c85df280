using System.Collections.Immutable;
using System.Globalization;
using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Host.Options;

/// <summary>Reads the values of <c>--trace-config</c>: <c>&lt;key&gt;=&lt;value&gt;</c>, or <c>triton,&lt;key&gt;=&lt;value&gt;</c>.</summary>
internal sealed class TraceConfigReader(IFileSystem files, string source, List<string> errors)
{
    private const string TritonMode = "triton";
    private const string OpenTelemetryMode = "opentelemetry";

    /// <summary>The variable of OpenTelemetry for what is said of the process.</summary>
    public const string Resource = "OTEL_RESOURCE_ATTRIBUTES";

    private const string DefaultAddress = "http://localhost:4318/v1/traces";

    private static readonly TraceOptions s_defaults = new();

    /// <summary>Every setting. Those of a mode may have its name and a comma in front.</summary>
    public static ImmutableArray<SettingDescription> Settings { get; } =
    [
        new("mode", $"{TritonMode}, {OpenTelemetryMode}", TritonMode, $"{OpenTelemetryMode} sends spans to a collector, beside a file where one is named."),
        new("level", TraceLevelNames.All, "OFF; TIMESTAMPS for a collector", "What is traced. May be given several times."),
        new("rate", "number, 0 or more", Text(s_defaults.Start.Rate), "One request in so many is traced; 0, for a collector, for those alone whose callers trace them."),
        new("count", $"number, {TraceSettings.Endless} or more", Text(s_defaults.Start.Count), $"How many requests are still to be traced; {TraceSettings.Endless} for without end."),
        new($"{TritonMode},file", "path of a file in a folder that is there", "none", "Where traces go, in Triton's form. A file of that name is replaced."),
        new($"{TritonMode},log-frequency", "number, 0 or more", Text(s_defaults.Start.LogFrequency), "How many traces go to one of the files <path>.0, <path>.1, …; 0 for all in the one file."),
        new($"{TritonMode},max-bytes", "bytes, 1 or more", Text(s_defaults.MaxBytes), "The most that is written over all files; after that traces are dropped."),
        new($"{OpenTelemetryMode},url", "address of http or https", DefaultAddress, "Where the collector takes traces, over HTTP."),
        new($"{OpenTelemetryMode},resource", "<key>=<value>", "none", "What is said of the process. May be given several times."),
        new($"{OpenTelemetryMode},spans", "one, phases", "phases", "one leaves the span of the request alone, without those of its parts."),
        new($"{OpenTelemetryMode},bsp_max_queue_size", "number, 1 or more", "OTEL_BSP_MAX_QUEUE_SIZE", "How many spans may wait to be sent."),
        new($"{OpenTelemetryMode},bsp_schedule_delay", "milliseconds, 1 or more", "OTEL_BSP_SCHEDULE_DELAY", "How long spans wait for others before they are sent."),
        new($"{OpenTelemetryMode},bsp_max_export_batch_size", "number, 1 or more", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "How many spans are sent at once."),
    ];

    private readonly List<string> _levels = [];
    private TraceOptions _options = new();
    private TraceConfig _config = new();

    /// <summary>Reads all values; what is wrong is added to the errors.</summary>
    public TraceConfig Read(IEnumerable<string> values)
    {
        foreach (var value in values)
        {
            // A setting may have commas in its value; what stands before the first is a mode only where it is no setting itself.
            var comma = value.IndexOf(',', StringComparison.Ordinal);
            var isModed = comma >= 0 && value.IndexOf('=', StringComparison.Ordinal) is var first && (first < 0 || comma < first);
            var setting = isModed ? value[(comma + 1)..] : value;
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                errors.Add($"{source}: expected <key>=<value> or {TritonMode},<key>=<value> or {OpenTelemetryMode},<key>=<value>, got '{value}'");
            }
            else if (!isModed || IsMode(value[..comma]))
            {
                ReadOne(setting[..equals], setting[(equals + 1)..]);
            }
        }

        ReadLevels();
        if (_config.WantsSpans)
        {
            // As in Triton: over HTTP, to a collector on the same machine unless it is said where.
            Set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", _config.Variables.GetValueOrDefault("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", DefaultAddress));
            Set("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf");
        }
        else if (_config.Variables.Count > 0)
        {
            errors.Add($"{source}: url, resource and bsp_... are of the mode {OpenTelemetryMode}, expected mode={OpenTelemetryMode} beside them");
        }

        return _config with { Options = _options };
    }

    /// <summary>True for a mode that there is; naming one asks for it.</summary>
    private bool IsMode(string mode)
    {
        if (mode is TritonMode or OpenTelemetryMode)
        {
            _config = _config with { WantsSpans = _config.WantsSpans || mode == OpenTelemetryMode };
            return true;
        }

        // As a mode and in front of each of its settings: told once.
        var error = $"{source}: expected the mode {TritonMode} or {OpenTelemetryMode}, got '{mode}'";
        if (!errors.Contains(error))
        {
            errors.Add(error);
        }

        return false;
    }

    private void ReadOne(string key, string value)
    {
        switch (key)
        {
            case "mode":
                IsMode(value);
                break;
            case "file":
                ReadFile(value);
                break;
            case "level":
                _levels.Add(value);
                break;
            case "rate":
                // 0 is for those alone whose callers trace them.
                _options = _options with { Start = _options.Start with { Rate = Number(key, value, 0) } };
                _config = _config with { HasSampling = true };
                break;
            case "count":
                _options = _options with { Start = _options.Start with { Count = Number(key, value, TraceSettings.Endless) } };
                break;
            case "log-frequency":
                _options = _options with { Start = _options.Start with { LogFrequency = Number(key, value, 0) } };
                break;
            case "max-bytes":
                _options = _options with { MaxBytes = Number(key, value, 1) };
                break;
            case "url":
                ReadAddress(value);
                break;
            case "resource":
                ReadResource(value);
                break;
            case "spans":
                ReadSpans(value);
                break;
            case "bsp_max_queue_size":
                Set("OTEL_BSP_MAX_QUEUE_SIZE", Text(Number(key, value, 1)));
                break;
            case "bsp_schedule_delay":
                Set("OTEL_BSP_SCHEDULE_DELAY", Text(Number(key, value, 1)));
                break;
            case "bsp_max_export_batch_size":
                Set("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Text(Number(key, value, 1)));
                break;
            default:
                string[] keys = [.. Settings.Select(static one => one.Name[(one.Name.IndexOf(',', StringComparison.Ordinal) + 1)..])];
                var near = Nearest.Of(key, keys);
                errors.Add($"{source}: '{key}' is no setting of tracing, expected {string.Join(", ", keys)}{(near is null ? "" : $"; did you mean '{near}'?")}");
                break;
        }
    }

    private void ReadAddress(string value)
    {
        if (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            Set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", value);
        }
        else
        {
            errors.Add($"{source}: url expects an address of http or https, got '{value}'");
        }
    }

    private void ReadResource(string value)
    {
        if (value.IndexOf('=', StringComparison.Ordinal) <= 0)
        {
            errors.Add($"{source}: resource expects <key>=<value>, got '{value}'");
        }
        else
        {
            Set(Resource, _config.Variables.TryGetValue(Resource, out var before) ? $"{before},{value}" : value);
        }
    }

    private void ReadSpans(string value)
    {
        if (value is not ("one" or "phases"))
        {
            errors.Add($"{source}: spans expects one or phases, got '{value}'");
        }

        _config = _config with { HasPhases = value != "one" };
    }

    private void Set(string variable, string value) => _config = _config with { Variables = _config.Variables.SetItem(variable, value) };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private void ReadFile(string path)
    {
        if (path.Length == 0)
        {
            errors.Add($"{source}: file expects a path, got nothing");
            return;
        }

        var full = files.Path.GetFullPath(path);
        if (files.Directory.Exists(full))
        {
            errors.Add($"{source}: file expects a file, '{path}' is a folder");
        }
        else if (files.Path.GetDirectoryName(full) is { } folder && !files.Directory.Exists(folder))
        {
            errors.Add($"{source}: the folder of the file '{path}' does not exist");
        }

        _options = _options with { File = full };
    }

    private void ReadLevels()
    {
        if (_levels.Count == 0)
        {
            return;
        }

        _config = _config with { HasLevels = true };
        if (TraceLevelNames.TryParse(_levels, out var levels, out var wrong))
        {
            _options = _options with { Start = _options.Start with { Levels = levels } };
        }
        else
        {
            errors.Add($"{source}: level expects {TraceLevelNames.All}, got '{wrong}'");
        }
    }

    private long Number(string key, string value, long minimum)
    {
        if (long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= minimum)
        {
            return number;
        }

        errors.Add($"{source}: {key} expects a whole number of at least {minimum}, got '{value}'");
        return Math.Max(1, minimum);
    }
}

using System.Globalization;
using System.IO.Abstractions;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Host.Options;

/// <summary>Reads the values of <c>--trace-config</c>: <c>&lt;key&gt;=&lt;value&gt;</c>, or <c>triton,&lt;key&gt;=&lt;value&gt;</c>.</summary>
internal sealed class TraceConfigReader(IFileSystem files, string source, List<string> errors)
{
    private const string TritonMode = "triton";
    private const string OpenTelemetryMode = "opentelemetry";

    private static readonly string[] s_keys = ["file", "level", "rate", "count", "log-frequency", "max-bytes", "mode"];

    private readonly List<string> _levels = [];
    private TraceOptions _options = new();

    /// <summary>Reads all values; what is wrong is added to the errors.</summary>
    public TraceOptions Read(IEnumerable<string> values)
    {
        foreach (var value in values)
        {
            var comma = value.IndexOf(',', StringComparison.Ordinal);
            var setting = value[(comma + 1)..];
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                errors.Add($"{source}: expected <key>=<value> or {TritonMode},<key>=<value>, got '{value}'");
            }
            else if (comma < 0 || IsTriton(value[..comma]))
            {
                ReadOne(setting[..equals], setting[(equals + 1)..]);
            }
        }

        ReadLevels();
        if (_options.Start.FindProblem(_options.File.Length > 0) is { } problem)
        {
            errors.Add($"{source}: {problem}");
        }

        return _options;
    }

    private bool IsTriton(string mode)
    {
        if (mode == TritonMode)
        {
            return true;
        }

        // As a mode and in front of each of its settings: told once.
        var error = mode == OpenTelemetryMode
            ? $"{source}: the mode {OpenTelemetryMode} is not there yet, expected {TritonMode}, which writes traces to a file"
            : $"{source}: expected the mode {TritonMode}, got '{mode}'";
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
                IsTriton(value);
                break;
            case "file":
                ReadFile(value);
                break;
            case "level":
                _levels.Add(value);
                break;
            case "rate":
                _options = _options with { Start = _options.Start with { Rate = Number(key, value, 1) } };
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
            default:
                var near = Nearest.Of(key, s_keys);
                errors.Add($"{source}: '{key}' is no setting of tracing, expected {string.Join(", ", s_keys)}{(near is null ? "" : $"; did you mean '{near}'?")}");
                break;
        }
    }

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

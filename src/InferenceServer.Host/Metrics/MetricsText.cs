using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace InferenceServer.Host.Metrics;

/// <summary>Writes metrics in the text format of Prometheus, version 0.0.4.</summary>
internal sealed class MetricsText
{
    /// <summary>From how many characters on it is worth sending.</summary>
    private const int Long = 32 << 10;

    private readonly StringBuilder _text = new();

    /// <summary>True when enough has been written to be sent.</summary>
    public bool IsLong => _text.Length >= Long;

    /// <summary>Sends what has been written, and begins anew.</summary>
    public async ValueTask FlushAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        // A chunk may end in the middle of a letter.
        var encoder = Encoding.UTF8.GetEncoder();
        foreach (var chunk in _text.GetChunks())
        {
            encoder.Convert(chunk.Span, output, flush: false, out _, out _);
        }

        _text.Clear();
        await output.FlushAsync(cancellationToken);
    }

    /// <summary>Begins a family; all its samples follow before the next one.</summary>
    public void Begin(string name, MetricType type, string help) =>
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(Name(type)).Append('\n');

    /// <summary>Writes one sample.</summary>
    /// <param name="name">The family's name, with the suffix that its type may ask for.</param>
    /// <param name="labels">The labels as <see cref="Label"/> gives them, with commas between; empty for none.</param>
    /// <param name="value">The value.</param>
    public void Sample(string name, string labels, double value)
    {
        _text.Append(name);
        if (labels.Length > 0)
        {
            _text.Append('{').Append(labels).Append('}');
        }

        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>Writes a family of one sample without labels.</summary>
    public void Single(string name, MetricType type, string help, double value)
    {
        Begin(name, type, help);
        Sample(name, "", value);
    }

    /// <summary>A label with its value as the format has it.</summary>
    public static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    /// <summary>A number as the format has it.</summary>
    public static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    public override string ToString() => _text.ToString();

    private static string Name(MetricType type) => type switch
    {
        MetricType.Counter => "counter",
        MetricType.Gauge => "gauge",
        MetricType.Histogram => "histogram",
        _ => "summary",
    };
}

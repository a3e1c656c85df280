using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using InferenceServer.Host.Metrics;

namespace InferenceServer.Host.Exporters;

/// <summary>Reads what <see cref="MetricsText"/> has written back into samples: those of counters and of gauges, by family.</summary>
internal sealed class SampleReader
{
    private readonly List<SampleFamily> _families = [];
    private string _help = "";
    private bool _isShown;

    /// <summary>The families that have been read.</summary>
    public IReadOnlyList<SampleFamily> Families => _families;

    /// <summary>Their samples.</summary>
    public Dictionary<string, List<Measurement<double>>> Samples { get; } = [];

    public void Read(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                _help = line.Split(' ', 4)[^1];
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var words = line.Split(' ');
                Begin(words[2], words[3]);
            }
            else if (_isShown)
            {
                ReadSample(line);
            }
        }
    }

    private void Begin(string name, string type)
    {
        _isShown = type is "counter" or "gauge";
        if (_isShown)
        {
            _families.Add(new SampleFamily(name, type == "counter" ? MetricType.Counter : MetricType.Gauge, _help));
            Samples[name] = [];
        }
    }

    private void ReadSample(string line)
    {
        var space = line.LastIndexOf(' ');
        var open = line.IndexOf('{', StringComparison.Ordinal);
        var tags = open < 0 ? [] : ReadLabels(line.AsSpan(open + 1, space - open - 2));
        Samples[_families[^1].Name].Add(new Measurement<double>(Value(line[(space + 1)..]), tags));
    }

    private static double Value(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    private static List<KeyValuePair<string, object?>> ReadLabels(ReadOnlySpan<char> text)
    {
        var labels = new List<KeyValuePair<string, object?>>();
        while (text.Length > 0)
        {
            var equals = text.IndexOf('=');
            var name = text[..equals].ToString();
            var value = new StringBuilder();
            var place = equals + 2;
            for (; text[place] != '"'; place++)
            {
                value.Append(text[place] != '\\' ? text[place] : text[++place] == 'n' ? '\n' : text[place]);
            }

            labels.Add(new KeyValuePair<string, object?>(name, value.ToString()));
            text = place + 2 <= text.Length ? text[(place + 2)..] : default;
        }

        return labels;
    }
}

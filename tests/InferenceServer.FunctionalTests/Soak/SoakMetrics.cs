using System.Globalization;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>One scrape, read.</summary>
internal sealed class SoakMetrics
{
    /// <summary>The counters that are held against the books.</summary>
    private static readonly string[] s_counters = ["inference_server_answer_total{", "nv_inference_request_success{", "nv_inference_request_failure{", "inference_server_request_refused_total{"];

    private readonly Dictionary<string, double> _samples = [];

    private SoakMetrics()
    {
    }

    /// <summary>Nothing.</summary>
    public static SoakMetrics Empty { get; } = new();

    /// <summary>The same, with what those counters have counted since an earlier scrape alone.</summary>
    public SoakMetrics Since(SoakMetrics earlier)
    {
        var later = new SoakMetrics();
        foreach (var (sample, value) in _samples)
        {
            later._samples[sample] = Array.Exists(s_counters, counter => sample.StartsWith(counter, StringComparison.Ordinal)) ? value - earlier._samples.GetValueOrDefault(sample) : value;
        }

        return later;
    }

    /// <summary>Reads the text of a scrape.</summary>
    public static SoakMetrics Read(string text)
    {
        var metrics = new SoakMetrics();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static line => line[0] != '#'))
        {
            var end = line.LastIndexOf(' ');
            metrics._samples.Add(line[..end], double.Parse(line.AsSpan(end + 1), NumberStyles.Float, CultureInfo.InvariantCulture));
        }

        return metrics;
    }

    /// <summary>The samples of a family whose labels have a text in them.</summary>
    /// <param name="family">Its name.</param>
    /// <param name="label">The text; empty for all.</param>
    public IEnumerable<KeyValuePair<string, double>> Samples(string family, string label = "") => _samples.Where(sample =>
        sample.Key.StartsWith(family, StringComparison.Ordinal) && (sample.Key.Length == family.Length || sample.Key[family.Length] == '{') && sample.Key.Contains(label, StringComparison.Ordinal));

    /// <summary>Their sum.</summary>
    public double Sum(string family, string label = "") => Samples(family, label).Sum(static sample => sample.Value);

    /// <summary>How often requests of a protocol were answered with each code.</summary>
    public Dictionary<string, long> Answers(string protocol) => Samples("inference_server_answer_total", $"protocol=\"{protocol}\"")
        .ToDictionary(static sample => sample.Key.Split("code=\"")[1].Split('"')[0], static sample => (long)sample.Value);
}

using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Comparing;

/// <summary>A page of metrics: its series and the types of their families.</summary>
internal sealed partial class MetricsText
{
    private readonly Dictionary<string, double> _series = [];
    private readonly HashSet<string> _families = [];
    private readonly Dictionary<string, string> _types = [];

    public MetricsText(string text)
    {
        foreach (var line in text.Split('\n').Where(static line => line.Length > 0 && line[0] != '#'))
        {
            if (Series().Match(line.TrimEnd('\r')) is { Success: true } match)
            {
                var labels = Labels().Matches(match.Groups[2].Value).ToDictionary(static label => label.Groups[1].Value, static label => label.Groups[2].Value);
                _families.Add(match.Groups[1].Value);
                _series[Key(match.Groups[1].Value, labels)] = Number(match.Groups[3].Value);
            }
        }

        foreach (Match match in Type().Matches(text))
        {
            _types[match.Groups[1].Value] = match.Groups[2].Value;
        }
    }

    /// <summary>Adds what is not as a case wants it.</summary>
    public void Compare(JsonObject compare, List<Difference> found)
    {
        foreach (var wanted in compare.List("series").Cast<JsonObject>())
        {
            CompareSeries(wanted, found);
        }

        foreach (var (name, type) in compare.Object("types") ?? [])
        {
            if (_types.GetValueOrDefault(name) != (string?)type)
            {
                found.Add(Difference.Of("metric type " + name, type, _types.GetValueOrDefault(name)));
            }
        }

        foreach (var name in compare.Texts("absent_families").Where(_families.Contains))
        {
            found.Add(Difference.Of("metric family " + name, Difference.Absent, "present"));
        }
    }

    private void CompareSeries(JsonObject wanted, List<Difference> found)
    {
        var name = wanted.Text("name")!;
        var key = Key(name, (wanted.Object("labels") ?? []).ToDictionary(static label => label.Key, static label => (string)label.Value!));
        var isThere = _series.TryGetValue(key, out var actual);
        if (wanted["absent"] is true)
        {
            if (isThere)
            {
                found.Add(Difference.Of("metric " + key, Difference.Absent, actual));
            }
        }
        else if (!isThere)
        {
            found.Add(Difference.Of("metric " + key, wanted["value"] ?? "present", Difference.Absent));
        }
        else if (wanted["value"] is { } value && (value is BigInteger whole ? (double)whole : (double)value) != actual)
        {
            found.Add(Difference.Of("metric " + key, value, actual));
        }
        else if (wanted["positive"] is true && !(actual > 0))
        {
            found.Add(Difference.Of("metric " + key, "> 0", actual));
        }
    }

    private static string Key(string name, Dictionary<string, string> labels) =>
        $"{name}{{{string.Join(',', labels.OrderBy(static label => label.Key, StringComparer.Ordinal).Select(static label => $"{label.Key}=\"{label.Value}\""))}}}";

    private static double Number(string text) => text switch
    {
        "+Inf" or "Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    [GeneratedRegex(@"^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)$")]
    private static partial Regex Series();

    [GeneratedRegex(@"(\w+)=""((?:[^""\\]|\\.)*)""")]
    private static partial Regex Labels();

    [GeneratedRegex(@"^# TYPE (\S+) (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Type();
}

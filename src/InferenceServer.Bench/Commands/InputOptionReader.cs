using System.Globalization;
using System.Text.Json;

namespace InferenceServer.Bench.Commands;

/// <summary>Reads the options that say what requests are made of.</summary>
internal static class InputOptionReader
{
    private const int MaxDimensions = 8;

    /// <summary>Shapes by input, from <c>NAME:2,3</c>.</summary>
    public static IReadOnlyDictionary<string, long[]> Shapes(IEnumerable<string> given, List<string> errors)
    {
        var shapes = new Dictionary<string, long[]>(StringComparer.Ordinal);
        foreach (var text in given)
        {
            // The name may have colons; dimensions have none.
            var colon = text.LastIndexOf(':');
            var dimensions = text[(colon + 1)..].Split(',').Select(static part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1).ToArray();
            if (colon < 1 || dimensions.Length > MaxDimensions || dimensions.Any(static dimension => dimension < 0) || !shapes.TryAdd(text[..colon], dimensions))
            {
                errors.Add($"--shape: expected NAME:2,3 with at most {MaxDimensions} dimensions of 0 or more, and each name once; got '{text}'");
            }
        }

        return shapes;
    }

    /// <summary>Parameters by name, from <c>name=value</c>.</summary>
    public static IReadOnlyList<KeyValuePair<string, JsonElement>> Parameters(IEnumerable<string> given, List<string> errors)
    {
        var parameters = new List<KeyValuePair<string, JsonElement>>();
        foreach (var text in given)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || parameters.Any(known => known.Key == text[..equals]))
            {
                errors.Add($"--parameters: expected name=value, and each name once; got '{text}'");
            }
            else
            {
                parameters.Add(new(text[..equals], ValueOf(text[(equals + 1)..])));
            }
        }

        return parameters;
    }

    private static JsonElement ValueOf(string text) => text switch
    {
        "true" => JsonSerializer.SerializeToElement(true, ParameterJson.Default.Boolean),
        "false" => JsonSerializer.SerializeToElement(false, ParameterJson.Default.Boolean),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonSerializer.SerializeToElement(whole, ParameterJson.Default.Int64),
        _ when CheckedOption.TryNumber(text, out var number) => JsonSerializer.SerializeToElement(number, ParameterJson.Default.Double),
        _ => JsonSerializer.SerializeToElement(text, ParameterJson.Default.String),
    };
}

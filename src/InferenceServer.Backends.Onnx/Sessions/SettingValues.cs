using System.Globalization;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>Reads values out of a table of texts and collects what is wrong with them.</summary>
/// <param name="kind">What an entry of the table is called in an error.</param>
/// <param name="values">The table.</param>
internal sealed class SettingValues(string kind, IReadOnlyDictionary<string, string> values)
{
    /// <summary>More threads than this are a mistake on any machine.</summary>
    public const int MaxCount = 4096;

    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    public List<string> Errors { get; } = [];

    /// <summary>The keys that nobody has read.</summary>
    public IEnumerable<string> Unused => values.Keys.Where(key => !_used.Contains(key));

    /// <summary>The text, or null when the key is absent.</summary>
    public string? Text(string key)
    {
        _used.Add(key);
        return values.TryGetValue(key, out var value) ? value : null;
    }

    /// <summary>A number of threads, 0 for the default; null when the key is absent.</summary>
    public int? Count(string key) => Number(key, 0, MaxCount, $"a whole number from 0 to {MaxCount}");

    /// <summary>One of two neighbouring numbers; null when the key is absent.</summary>
    public int? Choice(string key, int first, int second) => Number(key, first, second, $"{first} or {second}");

    /// <summary>1 or true, 0 or false; null when the key is absent.</summary>
    public bool? Switch(string key)
    {
        switch (Text(key))
        {
            case null:
                return null;
            case "1":
                return true;
            case "0":
                return false;
            case var text when bool.TryParse(text, out var value):
                return value;
            case var text:
                Errors.Add($"{kind} '{key}': expected 0, 1, false or true, got '{text}'");
                return null;
        }
    }

    /// <summary>A number of bytes; null when the key is absent.</summary>
    public long? Bytes(string key, long min)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min)
        {
            return value;
        }

        Errors.Add(FormattableString.Invariant($"{kind} '{key}': expected a whole number of bytes from {min}, got '{text}'"));
        return null;
    }

    private int? Number(string key, int min, int max, string expected)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        Errors.Add($"{kind} '{key}': expected {expected}, got '{text}'");
        return null;
    }
}

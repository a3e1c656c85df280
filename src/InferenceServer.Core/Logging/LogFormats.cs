using System.Collections.Immutable;

namespace InferenceServer.Core.Logging;

/// <summary>The forms of a line by the names that they have in options and settings.</summary>
public static class LogFormats
{
    /// <summary>The names, in the order of the enumeration.</summary>
    public static ImmutableArray<string> Names { get; } = ["default", "ISO8601", "json"];

    /// <summary>The name of a form.</summary>
    public static string NameOf(LogFormat format) => Names[(int)format];

    /// <summary>Reads a name, whatever the case of its letters.</summary>
    public static bool TryParse(string name, out LogFormat format)
    {
        for (var i = 0; i < Names.Length; i++)
        {
            if (Names[i].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                format = (LogFormat)i;
                return true;
            }
        }

        format = default;
        return false;
    }
}

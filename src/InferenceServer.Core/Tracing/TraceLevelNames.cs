using System.Diagnostics.CodeAnalysis;

namespace InferenceServer.Core.Tracing;

/// <summary>The levels by the names that they have in options and settings.</summary>
public static class TraceLevelNames
{
    private const string Off = "OFF";
    private const string Timestamps = "TIMESTAMPS";
    private const string Tensors = "TENSORS";

    /// <summary>The names, for error texts.</summary>
    public const string All = $"{Off}, or {Timestamps} and {Tensors}";

    /// <summary>The names of levels.</summary>
    public static string[] NamesOf(TraceLevels levels) => levels switch
    {
        TraceLevels.Off => [Off],
        TraceLevels.Timestamps => [Timestamps],
        TraceLevels.Tensors => [Tensors],
        _ => [Timestamps, Tensors],
    };

    /// <summary>Reads names, whatever the case of their letters.</summary>
    /// <param name="names">The names, at least one.</param>
    /// <param name="levels">The levels together.</param>
    /// <param name="wrong">What is wrong: a name that is none, or the name for off beside others.</param>
    public static bool TryParse(IReadOnlyList<string> names, out TraceLevels levels, [NotNullWhen(false)] out string? wrong)
    {
        ArgumentNullException.ThrowIfNull(names);
        levels = TraceLevels.Off;
        wrong = null;
        var isOff = false;
        foreach (var name in names)
        {
            var level = name.ToUpperInvariant() switch
            {
                Off => TraceLevels.Off,
                Timestamps => TraceLevels.Timestamps,
                Tensors => TraceLevels.Tensors,
                _ => (TraceLevels?)null,
            };
            if (level is null)
            {
                wrong = name;
                return false;
            }

            isOff |= level == TraceLevels.Off;
            levels |= level.Value;
        }

        wrong = isOff && levels != TraceLevels.Off ? $"{Off} with others" : null;
        return wrong is null;
    }
}

using System.Collections.Immutable;

namespace InferenceServer.Core.Residency;

/// <summary>The words for <see cref="ModelResidency"/>, in configurations and options.</summary>
public static class ModelResidencies
{
    /// <summary>The parameter of a model's configuration that says when it is in memory.</summary>
    public const string ParameterKey = "residency";

    /// <summary>The parameter of a model's configuration that says after how many idle seconds it leaves the memory.</summary>
    public const string IdleUnloadKey = "idle_unload_seconds";

    /// <summary>The longest idle time. Seconds: a year.</summary>
    public const int MaxIdleUnloadSeconds = 365 * 24 * 60 * 60;

    /// <summary>The words, in the order of the enumeration.</summary>
    public static ImmutableArray<string> Names { get; } = ["pinned", "on-demand"];

    /// <summary>True for the parameters of a model's configuration that are the server's, and no matter of the backend.</summary>
    public static bool IsParameter(string key) => key is ParameterKey or IdleUnloadKey;

    /// <summary>Reads a word; false for any other.</summary>
    public static bool TryParse(string word, out ModelResidency residency)
    {
        residency = (ModelResidency)Names.IndexOf(word);
        return Names.Contains(word);
    }
}

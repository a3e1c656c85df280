using System.Collections.Immutable;
using System.Text;

namespace InferenceServer.Core.Repository;

/// <summary>Tells a client which models a plain name may stand for.</summary>
internal static class NameChoices
{
    /// <summary>The most names that are told.</summary>
    public const int MaxNames = 10;

    /// <summary>The most characters that they take, but for the first one, which is told in any case: a message over gRPC has 800.</summary>
    public const int MaxLength = 500;

    /// <summary>The names in their order, and how many more there are.</summary>
    public static string Print(IEnumerable<string> names)
    {
        ImmutableArray<string> sorted = [.. names.Order(StringComparer.Ordinal)];
        var text = new StringBuilder($"'{sorted[0]}'");
        var told = 1;
        for (; told < Math.Min(sorted.Length, MaxNames) && text.Length + sorted[told].Length <= MaxLength; told++)
        {
            text.Append($", '{sorted[told]}'");
        }

        return told == sorted.Length ? text.ToString() : text.Append(System.Globalization.CultureInfo.InvariantCulture, $" and {sorted.Length - told} more").ToString();
    }
}

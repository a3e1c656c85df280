using System.Collections.Frozen;
using System.Collections.Immutable;

namespace InferenceServer.Core.Access;

/// <summary>Which models a right is for: names, and names with <c>*</c> for any characters. Letters count as they are.</summary>
public sealed class ModelPatterns
{
    private readonly FrozenSet<string> _names;
    private readonly ImmutableArray<string> _wildcards;

    /// <param name="patterns">The patterns; <c>*</c> alone means every model.</param>
    public ModelPatterns(IEnumerable<string> patterns)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        var all = patterns.ToArray();
        IsAll = all.Contains("*", StringComparer.Ordinal);
        _names = all.Where(static pattern => !pattern.Contains('*', StringComparison.Ordinal)).ToFrozenSet(StringComparer.Ordinal);
        _wildcards = [.. all.Where(static pattern => pattern.Contains('*', StringComparison.Ordinal))];
    }

    /// <summary>Every model.</summary>
    public static ModelPatterns All { get; } = new(["*"]);

    /// <summary>True when no model is left out, whatever it is called.</summary>
    public bool IsAll { get; }

    /// <summary>True for a name that is meant.</summary>
    public bool Match(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (IsAll || _names.Contains(name))
        {
            return true;
        }

        foreach (var wildcard in _wildcards)
        {
            if (Match(wildcard, name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Greedy, with one place to go back to: no pattern takes longer than the product of the two lengths.</summary>
    private static bool Match(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        var (p, n) = (0, 0);
        var (star, resume) = (-1, 0);
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = n;
            }
            else if (p < pattern.Length && pattern[p] == name[n])
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }
}

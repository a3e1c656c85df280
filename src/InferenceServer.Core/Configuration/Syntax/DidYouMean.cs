namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Finds the known name that a misspelt one probably stands for.</summary>
internal static class DidYouMean
{
    /// <summary>The nearest of <paramref name="known"/>, or null when none is near enough to be a slip of the pen.</summary>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        var plain = Plain(name);
        string? best = null;
        var bestDistance = Math.Max(2, plain.Length / 3) + 1;
        foreach (var candidate in known)
        {
            var distance = DistanceOf(plain, Plain(candidate), bestDistance);
            if (distance < bestDistance && distance < plain.Length)
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return best;
    }

    /// <summary>A suggestion ready to be printed, or null.</summary>
    public static string? Suggest(string name, IEnumerable<string> known) =>
        Nearest(name, known) is { } nearest ? $"did you mean '{nearest}'?" : null;

    // Case and underscores are what differs between the two spellings of a field's name, so they cost nothing.
    private static string Plain(string name) =>
        (name.Length <= 64 ? name : name[..64]).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    // Edits are insertion, deletion, replacement and the exchange of two neighbours.
    private static int DistanceOf(string a, string b, int limit)
    {
        if (Math.Abs(a.Length - b.Length) >= limit)
        {
            return limit;
        }

        var before = new int[b.Length + 1];
        var above = new int[b.Length + 1];
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            above[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], above[j]) + 1, above[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }

            (before, above, row) = (above, row, before);
        }

        return above[b.Length];
    }
}

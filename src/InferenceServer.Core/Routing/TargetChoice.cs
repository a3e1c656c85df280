namespace InferenceServer.Core.Routing;

/// <summary>Chooses one of several targets by their weights.</summary>
internal static class TargetChoice
{
    /// <summary>Chooses by chance.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="excluded">The places that must not be chosen, a bit each: their share goes to the others.</param>
    /// <param name="chance">A number from 0 to below 1.</param>
    /// <returns>The place; -1 when none is left.</returns>
    public static int Draw(ReadOnlySpan<double> weights, ulong excluded, double chance)
    {
        var total = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            total += IsExcluded(excluded, i) ? 0 : weights[i];
        }

        var point = chance * total;
        var last = -1;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] <= 0 || IsExcluded(excluded, i))
            {
                continue;
            }

            last = i;
            if (point < weights[i])
            {
                return i;
            }

            point -= weights[i];
        }

        // Rounding may leave the point just behind the last one.
        return last;
    }

    /// <summary>
    /// Chooses by a key, the same for the same key: weighted rendezvous hashing. When a weight grows, keys move to its target and nowhere
    /// else; when a target is not there, its keys alone move, and come back with it.
    /// </summary>
    /// <param name="weights">The weights.</param>
    /// <param name="names">The hash of each target's name.</param>
    /// <param name="excluded">As in <see cref="Draw"/>.</param>
    /// <param name="key">The hash of the key.</param>
    /// <returns>The place; -1 when none is left.</returns>
    public static int Find(ReadOnlySpan<double> weights, ReadOnlySpan<ulong> names, ulong excluded, ulong key)
    {
        var best = -1;
        var bestScore = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] <= 0 || IsExcluded(excluded, i))
            {
                continue;
            }

            // A number between 0 and 1, never either of them.
            var chance = ((StickyHash.Mix(key ^ names[i]) >> 12) + 0.5) / (1UL << 52);
            var score = -weights[i] / Math.Log(chance);
            if (best < 0 || score > bestScore)
            {
                (best, bestScore) = (i, score);
            }
        }

        return best;
    }

    private static bool IsExcluded(ulong excluded, int place) => (excluded & (1UL << place)) != 0;
}

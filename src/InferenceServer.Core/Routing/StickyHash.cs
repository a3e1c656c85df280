namespace InferenceServer.Core.Routing;

/// <summary>A hash that is the same in every process and on every machine, so that users stay with their version whichever server they meet.</summary>
internal static class StickyHash
{
    /// <summary>The hash of a text: FNV-1a over its UTF-16 code units, then mixed, since FNV leaves the upper bits of short texts alike.</summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        var hash = 14695981039346656037UL;
        foreach (var unit in text)
        {
            hash = (hash ^ (byte)unit) * 1099511628211UL;
            hash = (hash ^ (byte)(unit >> 8)) * 1099511628211UL;
        }

        return Mix(hash);
    }

    /// <summary>Spreads every bit over all others (the finaliser of MurmurHash3).</summary>
    public static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDUL;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53UL;
        return hash ^ (hash >> 33);
    }
}

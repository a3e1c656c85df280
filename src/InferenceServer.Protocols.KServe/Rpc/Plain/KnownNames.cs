namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// The texts of names that have come lately, by their bytes: the same few come with every request. A fixed number of places, each with a name that fell to it or to its neighbour. Any thread.
/// </summary>
internal static class KnownNames
{
    private const int Places = 1024;
    private const int MaxBytes = 64;

    private static readonly Entry?[] s_entries = new Entry?[Places];

    /// <summary>Finds the text of a name.</summary>
    public static bool TryFind(ReadOnlySpan<byte> utf8, out string name)
    {
        name = "";
        if (utf8.Length is 0 or > MaxBytes)
        {
            return utf8.Length == 0;
        }

        var place = PlaceOf(utf8);
        return IsAt(place, utf8, out name) || IsAt(place ^ 1, utf8, out name);
    }

    /// <summary>Keeps a text, unless it is long.</summary>
    public static void Keep(ReadOnlySpan<byte> utf8, string text)
    {
        if (utf8.Length is > 0 and <= MaxBytes)
        {
            var place = PlaceOf(utf8);
            var isFree = Volatile.Read(ref s_entries[place]) is null;

            // Two names of one place have one each, and do not take turns.
            Volatile.Write(ref s_entries[isFree ? place : place ^ 1], new Entry(utf8.ToArray(), text));
        }
    }

    private static bool IsAt(int place, ReadOnlySpan<byte> utf8, out string name)
    {
        if (Volatile.Read(ref s_entries[place]) is { } entry && utf8.SequenceEqual(entry.Bytes))
        {
            name = entry.Text;
            return true;
        }

        name = "";
        return false;
    }

    private static int PlaceOf(ReadOnlySpan<byte> utf8)
    {
        // Seeded anew by each process, so that nobody can aim.
        var hash = new HashCode();
        hash.AddBytes(utf8);
        return hash.ToHashCode() & (Places - 1);
    }

    private sealed record Entry(byte[] Bytes, string Text);
}

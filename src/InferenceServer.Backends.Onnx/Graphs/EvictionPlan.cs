namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>Which entries go when another needs room. Pure.</summary>
internal static class EvictionPlan
{
    /// <summary>Those that were not used for longest, as few as it takes.</summary>
    /// <param name="kept">What is there.</param>
    /// <param name="newBytes">What is to come.</param>
    /// <param name="maxBytes">How much all may take together.</param>
    public static IReadOnlyList<KeptGraph> Make(IReadOnlyCollection<KeptGraph> kept, long newBytes, long maxBytes)
    {
        var total = newBytes + kept.Sum(static one => one.Bytes);
        var leaving = new List<KeptGraph>();
        foreach (var one in kept.OrderBy(static one => one.LastUse).ThenBy(static one => one.Key, StringComparer.Ordinal))
        {
            if (total <= maxBytes)
            {
                break;
            }

            leaving.Add(one);
            total -= one.Bytes;
        }

        return leaving;
    }
}

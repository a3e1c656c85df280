namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>Damages a model's file the way that disks, transfers and attackers do.</summary>
internal static class ModelMutation
{
    /// <summary>A damaged copy: cut short, some bytes replaced, some bits turned, or a piece of itself put in another place.</summary>
    public static byte[] Of(ReadOnlySpan<byte> whole, Random random)
    {
        var copy = whole.ToArray();
        switch (random.Next(4))
        {
            case 0:
                return copy[..random.Next(copy.Length)];
            case 1:
                for (var i = random.Next(1, 6); i > 0; i--)
                {
                    copy[random.Next(copy.Length)] = (byte)random.Next(256);
                }

                return copy;
            case 2:
                for (var i = random.Next(1, 6); i > 0; i--)
                {
                    // Where the graph is, and not the weights.
                    copy[random.Next(Math.Min(copy.Length, 4096))] ^= (byte)(1 << random.Next(8));
                }

                return copy;
            default:
                var length = random.Next(1, Math.Min(64, copy.Length));
                var piece = copy.AsSpan(random.Next(copy.Length - length), length);
                var place = random.Next(copy.Length);
                return [.. copy.AsSpan(0, place), .. piece, .. copy.AsSpan(place)];
        }
    }
}

using System.Numerics;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Powers of ten as 128-bit integers whose highest bit is set, rounded up. Each is made from the one before, with twice as many bits as are kept: what is lost on the way stays far below the last of these, as a test shows for all.
/// By hand rather than with the library's wide integers, which code that was compiled beforehand may not use and which take milliseconds to be compiled.
/// </summary>
internal static class PowersOfTen
{
    private const int Parts = 8;

    /// <summary>10^k for every k from one that is not positive to one that is not negative: the upper 64 bits and the lower ones of each.</summary>
    public static ulong[] Make(int least, int most)
    {
        var powers = new ulong[2 * (most - least + 1)];

        // 32 bits in each, the lowest first.
        Span<uint> parts = stackalloc uint[Parts];
        SetOne(parts);
        for (var k = 0; k <= most; k++)
        {
            Keep(parts, powers, k - least);
            TimesFive(parts);
        }

        SetOne(parts);
        for (var k = -1; k >= least; k--)
        {
            ByFive(parts);
            Keep(parts, powers, k - least);
        }

        return powers;
    }

    private static void SetOne(Span<uint> parts)
    {
        parts.Clear();
        parts[^1] = 1u << 31;
    }

    private static void Keep(ReadOnlySpan<uint> parts, ulong[] powers, int place)
    {
        var low = parts[4] | ((ulong)parts[5] << 32);
        low += (parts[0] | parts[1] | parts[2] | parts[3]) != 0 ? 1u : 0u;
        powers[2 * place] = parts[6] | ((ulong)parts[7] << 32);
        powers[(2 * place) + 1] = low;
    }

    private static void TimesFive(Span<uint> parts)
    {
        var carried = 0UL;
        foreach (ref var part in parts)
        {
            carried += part * 5UL;
            part = (uint)carried;
            carried >>= 32;
        }

        // What is carried out of the last goes back there; the lowest bits are lost.
        var count = BitOperations.Log2(carried) + 1;
        for (var i = Parts - 1; i >= 0; i--)
        {
            var all = (carried << 32) | parts[i];
            carried = parts[i];
            parts[i] = (uint)(all >> count);
        }
    }

    private static void ByFive(Span<uint> parts)
    {
        var rest = 0UL;
        for (var i = Parts - 1; i >= 0; i--)
        {
            rest = (rest << 32) | parts[i];
            parts[i] = (uint)(rest / 5);
            rest %= 5;
        }

        // The highest bit that is set goes to where it has to be.
        var count = BitOperations.LeadingZeroCount(parts[^1]);
        for (var i = Parts - 1; i > 0; i--)
        {
            parts[i] = (parts[i] << count) | (parts[i - 1] >> (32 - count));
        }

        parts[0] <<= count;
    }
}

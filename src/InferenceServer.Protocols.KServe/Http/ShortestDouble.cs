using System.Runtime.CompilerServices;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// The shortest decimal number that reads back as a given binary64, and of several such the nearest, as the base library writes it but always with a fraction or an exponent, in a third of the time. The method is that of
/// <see cref="ShortestSingle"/>, with powers of ten of 128 bits.
/// </summary>
internal static class ShortestDouble
{
    /// <summary>More than any takes: what it has to be given.</summary>
    public const int Room = DecimalText.Room + 1;

    private const int Bias = 1075;
    private const int FractionBits = 52;
    private const ulong FractionMask = (1UL << FractionBits) - 1;
    private const int LeastPower = -292;
    private const int MostPower = 324;

    // Made once, by whichever thread writes the first number, in a tenth of a millisecond: neither 600 lines of digits, nor a few powers from which the others would have to be put together for every number.
    private static readonly ulong[] s_powers = PowersOfTen.Make(LeastPower, MostPower);

    /// <summary>Writes a finite number other than zero; returns the number of bytes.</summary>
    // By itself, since the compiler makes jumps of all choices within a loop, and these cannot be foreseen.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Format(double value, Span<byte> room)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        room[0] = (byte)'-';
        var length = (int)(bits >> 63);
        var (digits, exponent) = ToDecimal(bits & FractionMask, (int)(bits >> FractionBits) & 0x7FF);
        return length + DecimalText.WriteSeventeen(digits, exponent, room[length..]);
    }

    private static (ulong Digits, int Exponent) ToDecimal(ulong fraction, int biased)
    {
        var c = biased == 0 ? fraction : fraction | (1UL << FractionBits);
        var q = (biased == 0 ? 1 : biased) - Bias;

        // Four times the value and the middles to its neighbours; below a power of two the lower neighbour is nearer.
        var isLowerNearer = fraction == 0 && biased > 1;
        var k = ((q * 1262611) - (isLowerNearer ? 524031 : 0)) >> 22;
        var shift = q + ((-k * 1741647) >> 19) + 1;
        var place = 2 * (-k - LeastPower);
        var (high, low) = (s_powers[place], s_powers[place + 1]);
        var four = c << (shift + 2);
        var two = 2UL << shift;
        var middle = RoundToOdd(high, low, four);

        // An even value is what its middles round to.
        var lower = RoundToOdd(high, low, four - (isLowerNearer ? two / 2 : two)) + (c & 1);
        var upper = RoundToOdd(high, low, four + two) - (c & 1);
        var s = middle / 4;
        var tens = s / 10;
        var isLowerIn = lower <= 40 * tens;
        var isUpperIn = (40 * tens) + 40 <= upper;
        var ten = (10 * tens) + (isUpperIn ? 10u : 0);

        // The nearest is between the middles, but for where they are not equally far.
        var isUp = (middle & 3) + (s & 1) > 2;
        if (isLowerNearer)
        {
            var isDownIn = lower <= 4 * s;
            var isUpIn = (4 * s) + 4 <= upper;
            isUp = isDownIn == isUpIn ? isUp : isUpIn;
        }

        // Which it is cannot be foreseen, so both are there before one is taken.
        var one = s + (isUp ? 1u : 0);
        return (isLowerIn != isUpperIn ? ten : one, k);
    }

    /// <summary>The upper 64 bits of the product, the last of which is set when anything was lost.</summary>
    private static ulong RoundToOdd(ulong high, ulong low, ulong factor)
    {
        var carried = Math.BigMul(low, factor, out _);
        var upper = Math.BigMul(high, factor, out var middle);
        middle += carried;
        upper += middle < carried ? 1u : 0;
        return upper | (middle > 1 ? 1u : 0);
    }
}

using System.Runtime.CompilerServices;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// The shortest decimal number that reads back as a given binary32, and of several such the nearest, as the base library writes it but always with a fraction or an exponent, in a third of the time. The method is R. Giulietti's (The Schubfach way to render
/// doubles, 2020): among the decimals of a certain power of ten at most two lie between the neighbours' middles, and one multiplication of 32 by 64 bits, whose lost bits leave a trace in the last one, tells which.
/// </summary>
internal static class ShortestSingle
{
    /// <summary>More than any takes: what it has to be given.</summary>
    public const int Room = DecimalText.Room + 1;

    private const int Bias = 150;
    private const int FractionBits = 23;
    private const uint FractionMask = (1u << FractionBits) - 1;
    private const int LeastPower = -31;

    /// <summary>10^k for k from -31 to 45, as a 64-bit integer whose highest bit is set, rounded up.</summary>
    private static readonly ulong[] s_powers =
    [
        0x81CEB32C4B43FCF5, 0xA2425FF75E14FC32, 0xCAD2F7F5359A3B3F, 0xFD87B5F28300CA0E, 0x9E74D1B791E07E49, 0xC612062576589DDB,
        0xF79687AED3EEC552, 0x9ABE14CD44753B53, 0xC16D9A0095928A28, 0xF1C90080BAF72CB2, 0x971DA05074DA7BEF, 0xBCE5086492111AEB,
        0xEC1E4A7DB69561A6, 0x9392EE8E921D5D08, 0xB877AA3236A4B44A, 0xE69594BEC44DE15C, 0x901D7CF73AB0ACDA, 0xB424DC35095CD810,
        0xE12E13424BB40E14, 0x8CBCCC096F5088CC, 0xAFEBFF0BCB24AAFF, 0xDBE6FECEBDEDD5BF, 0x89705F4136B4A598, 0xABCC77118461CEFD,
        0xD6BF94D5E57A42BD, 0x8637BD05AF6C69B6, 0xA7C5AC471B478424, 0xD1B71758E219652C, 0x83126E978D4FDF3C, 0xA3D70A3D70A3D70B,
        0xCCCCCCCCCCCCCCCD, 0x8000000000000000, 0xA000000000000000, 0xC800000000000000, 0xFA00000000000000, 0x9C40000000000000,
        0xC350000000000000, 0xF424000000000000, 0x9896800000000000, 0xBEBC200000000000, 0xEE6B280000000000, 0x9502F90000000000,
        0xBA43B74000000000, 0xE8D4A51000000000, 0x9184E72A00000000, 0xB5E620F480000000, 0xE35FA931A0000000, 0x8E1BC9BF04000000,
        0xB1A2BC2EC5000000, 0xDE0B6B3A76400000, 0x8AC7230489E80000, 0xAD78EBC5AC620000, 0xD8D726B7177A8000, 0x878678326EAC9000,
        0xA968163F0A57B400, 0xD3C21BCECCEDA100, 0x84595161401484A0, 0xA56FA5B99019A5C8, 0xCECB8F27F4200F3A, 0x813F3978F8940985,
        0xA18F07D736B90BE6, 0xC9F2C9CD04674EDF, 0xFC6F7C4045812297, 0x9DC5ADA82B70B59E, 0xC5371912364CE306, 0xF684DF56C3E01BC7,
        0x9A130B963A6C115D, 0xC097CE7BC90715B4, 0xF0BDC21ABB48DB21, 0x96769950B50D88F5, 0xBC143FA4E250EB32, 0xEB194F8E1AE525FE,
        0x92EFD1B8D0CF37BF, 0xB7ABC627050305AE, 0xE596B7B0C643C71A, 0x8F7E32CE7BEA5C70, 0xB35DBF821AE4F38C,
    ];

    /// <summary>Writes a finite number other than zero; returns the number of bytes.</summary>
    // By itself, since the compiler makes jumps of all choices within a loop, and these cannot be foreseen.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int Format(float value, Span<byte> room)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        room[0] = (byte)'-';
        var length = (int)(bits >> 31);
        var (digits, exponent) = ToDecimal(bits & FractionMask, (int)(bits >> FractionBits) & 0xFF);
        return length + DecimalText.WriteNine(digits, exponent, room[length..]);
    }

    private static (uint Digits, int Exponent) ToDecimal(uint fraction, int biased)
    {
        var c = biased == 0 ? fraction : fraction | (1u << FractionBits);
        var q = (biased == 0 ? 1 : biased) - Bias;

        // Four times the value and the middles to its neighbours; below a power of two the lower neighbour is nearer.
        var isLowerNearer = fraction == 0 && biased > 1;
        var k = ((q * 1262611) - (isLowerNearer ? 524031 : 0)) >> 22;
        var shift = q + ((-k * 1741647) >> 19) + 1;
        var power = s_powers[-k - LeastPower];
        var four = c << (shift + 2);
        var two = 2u << shift;
        var middle = RoundToOdd(power, four);

        // An even value is what its middles round to.
        var lower = RoundToOdd(power, four - (isLowerNearer ? two / 2 : two)) + (c & 1);
        var upper = RoundToOdd(power, four + two) - (c & 1);
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

    /// <summary>The upper bits of the product, the last of which is set when anything was lost.</summary>
    private static uint RoundToOdd(ulong power, uint factor)
    {
        var high = Math.BigMul(power, factor, out var low);
        return (uint)high | ((uint)(low >> 32) > 1 ? 1u : 0);
    }
}

using System.Numerics;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Reads the short decimal numbers that most tensors consist of, several times faster than the general reader and with the same result:
/// where digits and power of ten are both exact in binary64, one division or multiplication rounds once, and therefore correctly.
/// </summary>
internal static class ShortDecimal
{
    private const ulong LargestExact = 1UL << 53;

    /// <summary>So many digits fit in 64 bits whatever they are.</summary>
    private const int MostDigits = 19;

    private static readonly double[] s_powers =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    /// <summary>Reads a number of the JSON grammar; false when it is too long for this way, or has an exponent.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var isNegative = text[0] == '-';
        var digits = 0UL;
        var fraction = 0;
        var isFraction = false;
        if (text.Length > MostDigits)
        {
            return false;
        }

        foreach (var character in isNegative ? text[1..] : text)
        {
            if (character == '.')
            {
                isFraction = true;
                continue;
            }

            var digit = (uint)(character - '0');
            if (digit > 9)
            {
                return false;
            }

            digits = (digits * 10) + digit;
            fraction += isFraction ? 1 : 0;
        }

        if (digits > LargestExact)
        {
            return false;
        }

        value = digits / s_powers[fraction];
        value = isNegative ? -value : value;
        return true;
    }

    /// <summary>
    /// Makes the wanted type of a correctly rounded binary64. A second rounding goes wrong only where the first one ended half way between
    /// two values of the narrow type; those, and what is no ordinary number there, are left to the general reader.
    /// </summary>
    public static bool TryNarrow<T>(double wide, out T value)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        value = T.CreateTruncating(wide);
        if (typeof(T) == typeof(double))
        {
            return true;
        }

        const long BelowSingle = (1L << 29) - 1;
        return typeof(T) == typeof(float)
            && ((BitConverter.DoubleToInt64Bits(wide) & BelowSingle) != 1L << 28)
            && (wide == 0 || T.IsNormal(value));
    }
}

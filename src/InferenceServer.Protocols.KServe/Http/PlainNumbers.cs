using System.Buffers.Binary;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Reads the numbers that most tensors consist of from the front of a text, without looking for their end first and eight digits at once where there are as many. What it does not take, and everything that is wrong,
/// is for the general reader.
/// </summary>
internal static class PlainNumbers
{
    private const ulong LargestExact = 1UL << 53;

    /// <summary>So many digits fit in 64 bits whatever they are.</summary>
    private const int MostDigits = 19;

    private const int DigitsAtOnce = 8;
    private const int MostExponentDigits = 3;

    private static readonly double[] s_powers =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    /// <summary>
    /// Reads a number of the JSON grammar (RFC 8259). Where digits and power of ten are both exact in binary64, one division or multiplication rounds once and the result is the nearest value; otherwise it rounds twice, and is
    /// off by less than two units in the last place.
    /// </summary>
    /// <param name="text">Begins with the number, and may go on behind it.</param>
    /// <param name="value">The number.</param>
    /// <param name="isNearest">False when it may be next to the nearest value.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <returns>False when it is no such number, or not one for this way.</returns>
    public static bool TryReadReal(ReadOnlySpan<byte> text, out double value, out bool isNearest, out int length)
    {
        (value, isNearest) = (0, false);
        if (!TryReadWhole(text, out var digits, out var isNegative, out var whole, out length))
        {
            return false;
        }

        var fraction = 0;
        if (length < text.Length && text[length] == '.')
        {
            var begin = ++length;
            ReadDigits(text, ref digits, ref length);
            fraction = length - begin;

            // A nought in front of the point is no digit that has to be kept.
            if (fraction == 0 || fraction + whole > MostDigits + (text[isNegative ? 1 : 0] == '0' ? 1 : 0))
            {
                return false;
            }
        }

        var scale = -fraction;
        if (length < text.Length && (text[length] | 0x20) == 'e' && !TryReadExponent(text, ref length, ref scale))
        {
            return false;
        }

        if (Math.Abs(scale) >= s_powers.Length)
        {
            return false;
        }

        var magnitude = scale < 0 ? digits / s_powers[-scale] : digits * s_powers[scale];
        value = isNegative ? -magnitude : magnitude;
        isNearest = digits <= LargestExact;
        return true;
    }

    /// <summary>Reads an integer of the JSON grammar that has neither a fraction nor an exponent.</summary>
    /// <param name="text">Begins with the integer, and may go on behind it.</param>
    /// <param name="magnitude">The integer without its sign.</param>
    /// <param name="isNegative">Its sign.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <returns>False when it is no such integer, or not one for this way.</returns>
    public static bool TryReadInteger(ReadOnlySpan<byte> text, out ulong magnitude, out bool isNegative, out int length) =>
        TryReadWhole(text, out magnitude, out isNegative, out _, out length) && !(length < text.Length && (text[length] == '.' || (text[length] | 0x20) == 'e'));

    private static bool TryReadWhole(ReadOnlySpan<byte> text, out ulong digits, out bool isNegative, out int count, out int length)
    {
        digits = 0;
        isNegative = text.Length > 0 && text[0] == '-';
        length = isNegative ? 1 : 0;
        var begin = length;
        for (; length < text.Length && (uint)(text[length] - '0') is <= 9 and var digit; length++)
        {
            digits = (digits * 10) + digit;
        }

        count = length - begin;
        return count is > 0 and <= MostDigits && (count == 1 || text[begin] != '0');
    }

    private static void ReadDigits(ReadOnlySpan<byte> text, ref ulong digits, ref int position)
    {
        while (text.Length - position >= DigitsAtOnce && TryReadEight(BinaryPrimitives.ReadUInt64LittleEndian(text[position..]), out var eight))
        {
            digits = (digits * 100_000_000) + eight;
            position += DigitsAtOnce;
        }

        for (; position < text.Length && (uint)(text[position] - '0') is <= 9 and var digit; position++)
        {
            digits = (digits * 10) + digit;
        }
    }

    /// <summary>The value of eight digits, the first of which is the lowest byte; each step adds neighbours up, two, then four, then eight digits wide.</summary>
    private static bool TryReadEight(ulong text, out uint value)
    {
        // A byte is a digit when its upper half is 3 and stays so when 6 is added.
        value = 0;
        if (((text & 0xF0F0F0F0F0F0F0F0) | (((text + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) != 0x3333333333333333)
        {
            return false;
        }

        var pairs = ((text & 0x0F0F0F0F0F0F0F0F) * ((10 << 8) + 1)) >> 8;
        var fours = ((pairs & 0x00FF00FF00FF00FF) * ((100 << 16) + 1)) >> 16;
        value = (uint)(((fours & 0x0000FFFF0000FFFF) * ((10_000UL << 32) + 1)) >> 32);
        return true;
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, ref int position, ref int scale)
    {
        position++;
        var isNegative = position < text.Length && text[position] == '-';
        position += isNegative || (position < text.Length && text[position] == '+') ? 1 : 0;
        var begin = position;
        var exponent = 0;
        for (; position < text.Length && (uint)(text[position] - '0') is <= 9 and var digit && position - begin <= MostExponentDigits; position++)
        {
            exponent = (exponent * 10) + (int)digit;
        }

        scale += isNegative ? -exponent : exponent;
        return position - begin is > 0 and <= MostExponentDigits;
    }
}

using System.Globalization;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads BF16 elements: any number, rounded to the nearest value and among two to the even one; what would become infinite is refused.</summary>
internal readonly struct BrainFloatReader : IElementReader<ushort>
{
    public static string Expected => "a number of magnitude at most 3.3895314E+38, NaN, Infinity or -Infinity";

    public static ElementOutcome Read(ref JsonCursor json, out ushort value)
    {
        value = 0;
        if (json.Peek() != JsonKind.Number)
        {
            return ElementOutcome.WrongKind;
        }

        if (!json.TryReadNumber(out var number))
        {
            return ElementOutcome.Malformed;
        }

        if (number.IsToken)
        {
            value = (ushort)(BitConverter.SingleToUInt32Bits((float)number.TokenValue) >> 16);
            return ElementOutcome.Read;
        }

        if (!double.TryParse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var wide))
        {
            return ElementOutcome.OutOfRange;
        }

        value = Round(wide);
        return (value & 0x7FFF) < 0x7F80 ? ElementOutcome.Read : ElementOutcome.OutOfRange;
    }

    public static bool TryReadPlain(ReadOnlySpan<byte> text, out ushort value, out int length)
    {
        var isPlain = PlainNumbers.TryReadReal(text, out var wide, out var isNearest, out length) && isNearest;
        value = isPlain ? Round(wide) : (ushort)0;
        return isPlain && (value & 0x7FFF) < 0x7F80;
    }

    /// <summary>
    /// The nearest bfloat16. The step through binary32 rounds to odd, which keeps a sign of what was cut off, so that the second
    /// rounding comes out as one step would.
    /// </summary>
    internal static ushort Round(double value)
    {
        var narrow = (float)value;
        var bits = BitConverter.SingleToUInt32Bits(narrow);
        if (float.IsFinite(narrow) && narrow != value)
        {
            // Towards zero first, then the last bit says that something was cut off.
            bits = (Math.Abs((double)narrow) > Math.Abs(value) ? bits - 1 : bits) | 1;
        }

        if (float.IsInfinity(narrow) || float.IsNaN(narrow))
        {
            return (ushort)(bits >> 16);
        }

        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}

using System.Globalization;
using System.Numerics;

namespace InferenceServer.Protocols.KServe.Classification;

/// <summary>
/// Writes one class as the classification extension has it: <c>value:index</c>, or <c>value:index:label</c>. The value is what C++ writes by
/// <c>std::to_string</c>: integers as they are, real numbers with six decimals, a tie rounded to even.
/// </summary>
internal static class ClassText
{
    /// <summary>More than the longest value, the index and the two colons take: a binary64 has up to 309 digits before its point.</summary>
    public const int MaxHeadLength = 384;

    /// <summary>Writes <c>value:index</c>, and the colon before the label when there is one.</summary>
    /// <returns>How many bytes were written.</returns>
    public static int WriteHead<T>(Span<byte> destination, T value, int index, bool hasLabel)
        where T : unmanaged, INumber<T>
    {
        var length = WriteValue(destination, value);
        destination[length++] = (byte)':';
        index.TryFormat(destination[length..], out var written, default, CultureInfo.InvariantCulture);
        length += written;
        if (hasLabel)
        {
            destination[length++] = (byte)':';
        }

        return length;
    }

    private static int WriteValue<T>(Span<byte> destination, T value)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(float) || typeof(T) == typeof(double))
        {
            return WriteReal(destination, double.CreateChecked(value));
        }

        value.TryFormat(destination, out var written, default, CultureInfo.InvariantCulture);
        return written;
    }

    private static int WriteReal(Span<byte> destination, double value)
    {
        if (!double.IsFinite(value))
        {
            var word = double.IsNaN(value) ? "nan"u8 : value > 0 ? "inf"u8 : "-inf"u8;
            word.CopyTo(destination);
            return word.Length;
        }

        // With six decimals only odd multiples of 1/128 are ties; .NET rounds these away from zero, C++ to the even digit.
        int written;
        var scaled = value * 128;
        if (double.IsOddInteger(scaled))
        {
            value.TryFormat(destination, out written, "F7", CultureInfo.InvariantCulture);
            if ((destination[written - 2] & 1) == 0)
            {
                return written - 1;
            }
        }

        value.TryFormat(destination, out written, "F6", CultureInfo.InvariantCulture);
        return written;
    }
}

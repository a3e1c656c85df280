using System.Globalization;
using System.Numerics;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Reads FP16, FP32 and FP64 elements: any number, rounded to the nearest value and among two to the even one. A finite number that is too
/// large is refused rather than made infinite.
/// </summary>
internal readonly struct RealReader<T> : IElementReader<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>, IMinMaxValue<T>
{
    public static string Expected => $"a number of magnitude at most {T.MaxValue.ToString(null, CultureInfo.InvariantCulture)}, NaN, Infinity or -Infinity";

    public static ElementOutcome Read(ref JsonCursor json, out T value)
    {
        value = T.Zero;
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
            value = T.CreateTruncating(number.TokenValue);
            return ElementOutcome.Read;
        }

        return T.TryParse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && T.IsFinite(value)
            ? ElementOutcome.Read
            : ElementOutcome.OutOfRange;
    }

    public static bool TryReadPlain(ReadOnlySpan<byte> text, out T value, out int length)
    {
        value = T.Zero;
        return PlainNumbers.TryReadReal(text, out var wide, out var isNearest, out length) && SingleRounding.TryNarrow(wide, isNearest, out value);
    }
}

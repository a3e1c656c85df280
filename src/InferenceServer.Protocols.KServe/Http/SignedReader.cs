using System.Numerics;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads INT8 to INT64 elements: integers without fraction and exponent, which must fit.</summary>
internal readonly struct SignedReader<T> : IElementReader<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>, ISignedNumber<T>
{
    public static string Expected => $"an integer from {T.MinValue} to {T.MaxValue}";

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

        if (!number.IsInteger)
        {
            return ElementOutcome.OutOfRange;
        }

        if (!number.TryGetInt64(out var wide) || wide < long.CreateTruncating(T.MinValue) || wide > long.CreateTruncating(T.MaxValue))
        {
            return ElementOutcome.OutOfRange;
        }

        value = T.CreateTruncating(wide);
        return ElementOutcome.Read;
    }

    public static bool TryReadPlain(ReadOnlySpan<byte> text, out T value, out int length)
    {
        value = T.Zero;
        if (!PlainNumbers.TryReadInteger(text, out var magnitude, out var isNegative, out length) || magnitude > long.MaxValue)
        {
            return false;
        }

        var wide = isNegative ? -(long)magnitude : (long)magnitude;
        value = T.CreateTruncating(wide);
        return long.CreateTruncating(value) == wide;
    }
}

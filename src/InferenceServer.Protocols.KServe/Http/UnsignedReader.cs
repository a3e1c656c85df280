using System.Numerics;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads UINT8 to UINT64 elements: integers without sign, fraction and exponent, which must fit.</summary>
internal readonly struct UnsignedReader<T> : IElementReader<T>
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>, IUnsignedNumber<T>
{
    public static string Expected => $"an integer from 0 to {T.MaxValue}";

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

        if (!number.TryGetUInt64(out var wide) || wide > ulong.CreateTruncating(T.MaxValue))
        {
            return ElementOutcome.OutOfRange;
        }

        value = T.CreateTruncating(wide);
        return ElementOutcome.Read;
    }

    public static bool TryReadPlain(ReadOnlySpan<byte> text, out T value, out int length)
    {
        value = T.Zero;
        if (!PlainNumbers.TryReadInteger(text, out var magnitude, out var isNegative, out length) || isNegative)
        {
            return false;
        }

        value = T.CreateTruncating(magnitude);
        return ulong.CreateTruncating(value) == magnitude;
    }
}

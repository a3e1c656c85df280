using System.Buffers.Text;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>A JSON number as it is written, or one of the tokens NaN, Infinity, -Infinity, Inf and -Inf.</summary>
/// <param name="text">The token.</param>
/// <param name="isInteger">True when it has neither a fraction nor an exponent.</param>
internal readonly ref struct JsonNumber(ReadOnlySpan<byte> text, bool isInteger)
{
    public ReadOnlySpan<byte> Text { get; } = text;

    public bool IsInteger { get; } = isInteger;

    /// <summary>True for the tokens that name no finite number.</summary>
    public bool IsToken => Text[^1] > '9';

    /// <summary>The value of such a token.</summary>
    public double TokenValue => Text[0] == 'N' ? double.NaN : Text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;

    /// <summary>The value as an integer with a sign; false when it is none or does not fit.</summary>
    public bool TryGetInt64(out long value)
    {
        value = 0;
        return IsInteger && Utf8Parser.TryParse(Text, out value, out var consumed) && consumed == Text.Length;
    }

    /// <summary>The value as an integer without a sign; false when it is none or does not fit. Minus zero is zero.</summary>
    public bool TryGetUInt64(out ulong value)
    {
        value = 0;
        return IsInteger && ((Utf8Parser.TryParse(Text, out value, out var consumed) && consumed == Text.Length) || Text.SequenceEqual("-0"u8));
    }
}

using System.Text;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>The escapes that a JSON string can hold, read in UTF-8.</summary>
internal static class JsonEscapes
{
    /// <summary>
    /// Reads the escape that <paramref name="text"/> begins with, a backslash included; the two halves of a surrogate pair count as one.
    /// </summary>
    /// <param name="text">The text from the backslash on.</param>
    /// <param name="rune">The character that is meant.</param>
    /// <param name="length">How many bytes the escape takes.</param>
    /// <returns>False when it is no escape, or half a surrogate pair.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out Rune rune, out int length)
    {
        rune = default;
        length = 2;
        if (text.Length < 2)
        {
            return false;
        }

        switch (text[1])
        {
            case (byte)'"':
            case (byte)'\\':
            case (byte)'/':
                rune = new Rune((char)text[1]);
                return true;
            case (byte)'b':
                rune = new Rune('\b');
                return true;
            case (byte)'f':
                rune = new Rune('\f');
                return true;
            case (byte)'n':
                rune = new Rune('\n');
                return true;
            case (byte)'r':
                rune = new Rune('\r');
                return true;
            case (byte)'t':
                rune = new Rune('\t');
                return true;
            case (byte)'u':
                return TryReadUnicode(text, out rune, out length);
            default:
                return false;
        }
    }

    private static bool TryReadUnicode(ReadOnlySpan<byte> text, out Rune rune, out int length)
    {
        rune = default;
        length = 6;
        if (!TryReadUnit(text, out var first))
        {
            return false;
        }

        if (Rune.TryCreate(first, out rune))
        {
            return true;
        }

        length = 12;
        return TryReadUnit(text[6..], out var second) && Rune.TryCreate(first, second, out rune);
    }

    private static bool TryReadUnit(ReadOnlySpan<byte> text, out char unit)
    {
        unit = default;
        if (text.Length < 6 || text[0] != '\\' || text[1] != 'u')
        {
            return false;
        }

        var value = 0;
        foreach (var digit in text[2..6])
        {
            if (!char.IsAsciiHexDigit((char)digit))
            {
                return false;
            }

            value = (value << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        unit = (char)value;
        return true;
    }
}

using System.Globalization;
using System.Text;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Resolves the escapes in a string of text format.</summary>
internal static class StringLiteral
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads what stands between the quotes.</summary>
    /// <param name="raw">The text between the quotes.</param>
    /// <param name="bytes">The bytes so far; escapes may give single bytes of a character, so only the whole can be decoded.</param>
    /// <param name="errorAt">Where the bad escape begins, when there is one.</param>
    public static bool TryAppend(ReadOnlySpan<char> raw, List<byte> bytes, out int errorAt)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < raw.Length;)
        {
            errorAt = i;
            if (raw[i] != '\\')
            {
                // A lone surrogate cannot come from well-formed UTF-8, which was checked before.
                Rune.DecodeFromUtf16(raw[i..], out var rune, out var length);
                bytes.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
                i += length;
            }
            else if (TryUnescape(raw[(i + 1)..], out var code, out var isByte, out var taken))
            {
                if (isByte)
                {
                    bytes.Add((byte)code);
                }
                else
                {
                    bytes.AddRange(utf8[..new Rune(code).EncodeToUtf8(utf8)]);
                }

                i += 1 + taken;
            }
            else
            {
                return false;
            }
        }

        errorAt = -1;
        return true;
    }

    public static bool TryDecode(List<byte> bytes, out string text)
    {
        try
        {
            text = s_strict.GetString([.. bytes]);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = "";
            return false;
        }
    }

    private static bool TryUnescape(ReadOnlySpan<char> rest, out int code, out bool isByte, out int taken)
    {
        (code, isByte, taken) = (0, true, 1);
        if (rest.IsEmpty)
        {
            return false;
        }

        switch (rest[0])
        {
            case 'x' or 'X':
                return TryHex(rest, 1, 2, exact: false, out code, out taken);
            case 'u':
                isByte = false;
                return TryHex(rest, 4, 4, exact: true, out code, out taken) && TryPair(rest, ref code, ref taken);
            case 'U':
                isByte = false;
                return TryHex(rest, 8, 8, exact: true, out code, out taken) && Rune.IsValid(code);
            case >= '0' and <= '7':
                taken = 0;
                while (taken < 3 && taken < rest.Length && rest[taken] is >= '0' and <= '7')
                {
                    code = (code * 8) + (rest[taken++] - '0');
                }

                return code <= byte.MaxValue;
            default:
                var index = "abfnrtv\\'\"?".IndexOf(rest[0], StringComparison.Ordinal);
                code = index < 0 ? 0 : "\a\b\f\n\r\t\v\\'\"?"[index];
                return index >= 0;
        }
    }

    private static bool TryHex(ReadOnlySpan<char> rest, int least, int most, bool exact, out int code, out int taken)
    {
        var digits = 0;
        while (digits < most && 1 + digits < rest.Length && char.IsAsciiHexDigit(rest[1 + digits]))
        {
            digits++;
        }

        code = 0;
        taken = 1 + digits;
        return digits >= least && (!exact || digits == most)
            && int.TryParse(rest.Slice(1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out code) && code >= 0;
    }

    // Characters beyond the first plane may be written as two \u escapes.
    private static bool TryPair(ReadOnlySpan<char> rest, ref int code, ref int taken)
    {
        if (!char.IsHighSurrogate((char)code))
        {
            return Rune.IsValid(code);
        }

        var next = rest[taken..];
        if (next.Length < 2 || next[0] != '\\' || next[1] != 'u' || !TryHex(next[1..], 4, 4, exact: true, out var low, out var lowTaken)
            || !char.IsLowSurrogate((char)low))
        {
            return false;
        }

        code = char.ConvertToUtf32((char)code, (char)low);
        taken += 1 + lowTaken;
        return true;
    }
}

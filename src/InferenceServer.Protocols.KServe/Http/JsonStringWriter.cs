using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Writes JSON strings. Only what JSON demands is escaped; bytes that are no UTF-8 become U+FFFD.</summary>
internal static class JsonStringWriter
{
    private static readonly SearchValues<byte> s_escaped = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(static code => (byte)code), (byte)'"', (byte)'\\']);

    /// <summary>How many characters of a text are encoded in one step.</summary>
    private const int Step = 512;

    public static void Write(IBufferWriter<byte> output, string text)
    {
        output.Write("\""u8);
        Span<byte> encoded = stackalloc byte[3 * Step];
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            // A pair of surrogates is not torn apart: the decoder reads them in one go, as far as they fit.
            Utf8.FromUtf16(rest, encoded, out var read, out var written);
            WritePlainOrEscaped(output, encoded[..written]);
            rest = rest[read..];
        }

        output.Write("\""u8);
    }

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        output.Write("\""u8);
        if (Utf8.IsValid(text))
        {
            WritePlainOrEscaped(output, text);
        }
        else
        {
            WriteMended(output, text);
        }

        output.Write("\""u8);
    }

    private static void WriteMended(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            var valid = 0;
            var length = 0;
            while (valid < text.Length && Rune.DecodeFromUtf8(text[valid..], out _, out length) == OperationStatus.Done)
            {
                valid += length;
            }

            WritePlainOrEscaped(output, text[..valid]);
            text = text[valid..];
            if (!text.IsEmpty)
            {
                output.Write("\uFFFD"u8);
                text = text[length..];
            }
        }
    }

    private static void WritePlainOrEscaped(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        while (true)
        {
            var plain = text.IndexOfAny(s_escaped);
            if (plain < 0)
            {
                output.Write(text);
                return;
            }

            output.Write(text[..plain]);
            WriteEscape(output, text[plain]);
            text = text[(plain + 1)..];
        }
    }

    private static void WriteEscape(IBufferWriter<byte> output, byte code)
    {
        var span = output.GetSpan(6);
        span[0] = (byte)'\\';
        var letter = code switch
        {
            (byte)'"' => (byte)'"',
            (byte)'\\' => (byte)'\\',
            (byte)'\b' => (byte)'b',
            (byte)'\f' => (byte)'f',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            _ => (byte)'u',
        };
        span[1] = letter;
        if (letter != 'u')
        {
            output.Advance(2);
            return;
        }

        span[2] = (byte)'0';
        span[3] = (byte)'0';
        span[4] = (byte)('0' + (code >> 4));
        span[5] = (byte)"0123456789ABCDEF"[code & 15];
        output.Advance(6);
    }
}

using System.Text;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>A JSON string that has been read and found well formed, still as it is written.</summary>
/// <param name="raw">What stands between the quotes.</param>
/// <param name="length">How many bytes it has once its escapes are resolved.</param>
internal readonly ref struct JsonText(ReadOnlySpan<byte> raw, int length)
{
    private readonly ReadOnlySpan<byte> _raw = raw;

    /// <summary>The bytes of the string, escapes resolved.</summary>
    public int Length { get; } = length;

    /// <summary>True when the text can be used as it is written. An escape is always longer than what it stands for.</summary>
    public bool IsPlain => _raw.Length == Length;

    public bool Is(ReadOnlySpan<byte> text)
    {
        if (IsPlain)
        {
            return _raw.SequenceEqual(text);
        }

        if (Length != text.Length)
        {
            return false;
        }

        Span<byte> decoded = Length <= 256 ? stackalloc byte[Length] : new byte[Length];
        CopyTo(decoded);
        return text.SequenceEqual(decoded);
    }

    /// <summary>True when it is <paramref name="text"/>, which is compared without making a string where both are ASCII.</summary>
    public bool Is(string text) =>
        IsPlain && Ascii.IsValid(_raw) ? Ascii.Equals(_raw, text) : Length <= 3 * text.Length && ToString() == text;

    /// <summary>Writes the text with its escapes resolved; there must be <see cref="Length"/> bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        var rest = _raw;
        while (true)
        {
            var escape = IsPlain ? -1 : rest.IndexOf((byte)'\\');
            if (escape < 0)
            {
                rest.CopyTo(destination);
                return;
            }

            rest[..escape].CopyTo(destination);
            destination = destination[escape..];
            JsonEscapes.TryRead(rest[escape..], out var rune, out var length);
            destination = destination[rune.EncodeToUtf8(destination)..];
            rest = rest[(escape + length)..];
        }
    }

    public override string ToString()
    {
        if (IsPlain)
        {
            return Encoding.UTF8.GetString(_raw);
        }

        var decoded = new byte[Length];
        CopyTo(decoded);
        return Encoding.UTF8.GetString(decoded);
    }
}

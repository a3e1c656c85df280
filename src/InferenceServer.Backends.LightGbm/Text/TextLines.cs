namespace InferenceServer.Backends.LightGbm.Text;

/// <summary>Goes through a text line by line.</summary>
/// <param name="text">The text.</param>
internal ref struct TextLines(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;

    /// <summary>Where the current line begins.</summary>
    public int Start { get; private set; }

    /// <summary>Where the next line begins.</summary>
    public int Next { get; private set; }

    /// <summary>The number of the current line, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>The current line without its end.</summary>
    public ReadOnlySpan<byte> Line { get; private set; }

    /// <summary>Goes to the next line.</summary>
    /// <returns>False at the end of the text.</returns>
    public bool TryMove()
    {
        if (Next >= _text.Length)
        {
            Line = default;
            return false;
        }

        Start = Next;
        Number++;
        var rest = _text[Start..];
        var end = rest.IndexOf((byte)'\n');
        Line = end < 0 ? rest : rest[..end];
        Next = Start + (end < 0 ? rest.Length : end + 1);
        if (Line is [.. var line, (byte)'\r'])
        {
            Line = line;
        }

        return true;
    }
}

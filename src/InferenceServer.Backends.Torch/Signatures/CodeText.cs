namespace InferenceServer.Backends.Torch.Signatures;

/// <summary>Finds places in TorchScript code, with its brackets and its texts in quotes.</summary>
internal static class CodeText
{
    /// <summary>The place of the bracket that closes the one at <paramref name="open"/>; -1 when none does.</summary>
    public static int FindClosing(ReadOnlySpan<char> code, int open)
    {
        var depth = 0;
        for (var i = open; i < code.Length; i++)
        {
            switch (code[i])
            {
                case '(' or '[' or '{':
                    depth++;
                    break;
                case ')' or ']' or '}' when --depth == 0:
                    return i;
                case '"' or '\'':
                    i = SkipText(code, i);
                    break;
                default:
                    break;
            }
        }

        return -1;
    }

    /// <summary>The pieces between the commas that lie in no bracket and no text; an empty one at the end does not count.</summary>
    public static List<string> Split(ReadOnlySpan<char> code)
    {
        var pieces = new List<string>();
        int begin = 0, depth = 0;
        for (var i = 0; i < code.Length; i++)
        {
            switch (code[i])
            {
                case '(' or '[' or '{':
                    depth++;
                    break;
                case ')' or ']' or '}':
                    depth--;
                    break;
                case '"' or '\'':
                    i = SkipText(code, i);
                    break;
                case ',' when depth == 0:
                    pieces.Add(code[begin..i].Trim().ToString());
                    begin = i + 1;
                    break;
                default:
                    break;
            }
        }

        var last = code[begin..].Trim();
        if (!last.IsEmpty)
        {
            pieces.Add(last.ToString());
        }

        return pieces;
    }

    private static int SkipText(ReadOnlySpan<char> code, int quote)
    {
        var i = quote + 1;
        while (i < code.Length && code[i] != code[quote])
        {
            i += code[i] == '\\' ? 2 : 1;
        }

        return i;
    }
}

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>The tokens of a file with a place in them.</summary>
internal sealed class TextTokenStream(string source, List<TextToken> tokens)
{
    /// <summary>How many tokens were taken; grows whenever reading gets anywhere.</summary>
    public int Taken { get; private set; }

    public TextToken Peek(int ahead = 0) => tokens[Math.Min(Taken + ahead, tokens.Count - 1)];

    public TextToken Take()
    {
        var token = Peek();
        if (Taken < tokens.Count - 1)
        {
            Taken++;
        }

        return token;
    }

    public bool TryTake(TextTokenKind kind)
    {
        if (Peek().Kind != kind)
        {
            return false;
        }

        Take();
        return true;
    }

    public string TextOf(in TextToken token) => source.Substring(token.Start, token.Length);

    /// <summary>True when the next token is the name of a field rather than a value: a value is not followed by ':' or an opening bracket.</summary>
    public bool IsAtField() =>
        Peek().Kind == TextTokenKind.Identifier && (Peek(1).Kind == TextTokenKind.Colon || Peek(1).IsOpening);

    /// <summary>True where a value should begin and none does.</summary>
    public bool IsAtNoValue() =>
        Peek().Kind is TextTokenKind.End or TextTokenKind.Comma or TextTokenKind.Semicolon or TextTokenKind.Colon
        || Peek().IsClosing || IsAtField();

    /// <summary>The token in words, for messages.</summary>
    public string Describe(in TextToken token)
    {
        var text = FieldWords.Quote(TextOf(token));
        return token.Kind switch
        {
            TextTokenKind.End => "the end of the file",
            TextTokenKind.String => $"the string \"{text}\"",
            TextTokenKind.Number => $"the number {text}",
            _ => $"'{text}'",
        };
    }
}

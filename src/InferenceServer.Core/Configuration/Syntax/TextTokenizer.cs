namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Cuts text format into tokens. Characters that begin none are reported, once a run, and left out.</summary>
internal sealed class TextTokenizer(string source, ProblemList problems)
{
    private readonly List<TextToken> _tokens = [];
    private int _at;
    private int _line = 1;
    private int _lineStart;

    private ConfigPosition Here => new(_line, _at - _lineStart + 1);

    /// <summary>All tokens; the last is <see cref="TextTokenKind.End"/>.</summary>
    public List<TextToken> Run()
    {
        while (_at < source.Length)
        {
            Step();
        }

        _tokens.Add(new TextToken(TextTokenKind.End, _at, 0, Here));
        return _tokens;
    }

    private void Step()
    {
        var character = source[_at];
        if (character == '\n')
        {
            _at++;
            _line++;
            _lineStart = _at;
        }
        else if (char.IsWhiteSpace(character))
        {
            _at++;
        }
        else if (character == '#')
        {
            var end = source.IndexOf('\n', _at);
            _at = end < 0 ? source.Length : end;
        }
        else if (char.IsAsciiLetter(character) || character == '_')
        {
            AddRun(TextTokenKind.Identifier, static (text, at) => char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_');
        }
        else if (char.IsAsciiDigit(character) || (character == '.' && _at + 1 < source.Length && char.IsAsciiDigit(source[_at + 1])))
        {
            AddRun(TextTokenKind.Number, IsInNumber);
        }
        else if (character is '"' or '\'')
        {
            AddString(character);
        }
        else if (SymbolKind(character) is { } kind)
        {
            _tokens.Add(new TextToken(kind, _at, 1, Here));
            _at++;
        }
        else
        {
            SkipUnknown();
        }
    }

    private static bool IsInNumber(string text, int at) =>
        char.IsAsciiLetterOrDigit(text[at]) || text[at] is '.' or '_'
        || (text[at] is '+' or '-' && text[at - 1] is 'e' or 'E' && at > 1 && char.IsAsciiDigit(text[at - 2]) && !IsHex(text, at));

    // In 0x1e-3 the sign ends a hexadecimal number instead of starting an exponent.
    private static bool IsHex(string text, int at)
    {
        var start = at;
        while (start > 0 && char.IsAsciiLetterOrDigit(text[start - 1]))
        {
            start--;
        }

        return start + 1 < at && text[start] == '0' && text[start + 1] is 'x' or 'X';
    }

    private void AddRun(TextTokenKind kind, Func<string, int, bool> isPart)
    {
        var (start, position) = (_at, Here);
        do
        {
            _at++;
        }
        while (_at < source.Length && isPart(source, _at));

        _tokens.Add(new TextToken(kind, start, _at - start, position));
    }

    private void AddString(char quote)
    {
        var position = Here;
        var start = ++_at;
        while (_at < source.Length && source[_at] != quote && source[_at] != '\n')
        {
            _at += source[_at] == '\\' && _at + 1 < source.Length && source[_at + 1] != '\n' ? 2 : 1;
        }

        _tokens.Add(new TextToken(TextTokenKind.String, start, _at - start, position));
        if (_at < source.Length && source[_at] == quote)
        {
            _at++;
        }
        else
        {
            problems.Add(position, $"the string that begins here is not closed before the end of the line", $"add {quote}; write a line break inside a string as \\n");
        }
    }

    private void SkipUnknown()
    {
        var position = Here;
        var character = source[_at];
        while (_at < source.Length && source[_at] == character)
        {
            _at++;
        }

        var words = char.IsControl(character) || char.IsSurrogate(character) ? $"U+{(int)character:X4}" : $"'{character}'";
        problems.Add(position, $"the character {words} has no meaning here", character == '/' ? "comments begin with #" : null);
        while (_at < source.Length && !char.IsWhiteSpace(source[_at]) && source[_at] != '#' && SymbolKind(source[_at]) is null
            && !char.IsAsciiLetterOrDigit(source[_at]) && source[_at] is not ('"' or '\'' or '_'))
        {
            _at++;
        }

        // The words of a comment in another language's style are no fields.
        if (character == '/')
        {
            var end = source.IndexOf('\n', _at);
            _at = end < 0 ? source.Length : end;
        }
    }

    private static TextTokenKind? SymbolKind(char character) => character switch
    {
        ':' => TextTokenKind.Colon,
        ',' => TextTokenKind.Comma,
        ';' => TextTokenKind.Semicolon,
        '-' => TextTokenKind.Minus,
        '{' => TextTokenKind.OpenBrace,
        '}' => TextTokenKind.CloseBrace,
        '<' => TextTokenKind.OpenAngle,
        '>' => TextTokenKind.CloseAngle,
        '[' => TextTokenKind.OpenBracket,
        ']' => TextTokenKind.CloseBracket,
        _ => null,
    };
}

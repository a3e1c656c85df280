using System.Globalization;
using System.Numerics;
using System.Text;

namespace InferenceServer.ExchangeTests.Json;

/// <summary>Reads the text of one document; see <see cref="JsonText"/>.</summary>
internal sealed class JsonTextReader(string text)
{
    private int _position;

    public object? ParseDocument()
    {
        var value = ParseValue();
        SkipSpace();
        return _position == text.Length ? value : throw Wrong("the end");
    }

    private object? ParseValue()
    {
        SkipSpace();
        return Peek() switch
        {
            '{' => ParseObject(),
            '[' => ParseList(),
            '"' => ParseString(),
            't' => Word("true", true),
            'f' => Word("false", false),
            'n' => Word("null", null),
            'N' => Word("NaN", double.NaN),
            'I' => Word("Infinity", double.PositiveInfinity),
            '-' when text.AsSpan(_position).StartsWith("-Infinity", StringComparison.Ordinal) => Word("-Infinity", double.NegativeInfinity),
            _ => ParseNumber(),
        };
    }

    private JsonObject ParseObject()
    {
        var members = new JsonObject();
        _position++;
        SkipSpace();
        if (Peek() == '}')
        {
            _position++;
            return members;
        }

        while (true)
        {
            SkipSpace();
            var name = Peek() == '"' ? ParseString() : throw Wrong("a name");
            SkipSpace();
            Expect(':');
            members[name] = ParseValue();
            if (IsLast('}'))
            {
                return members;
            }
        }
    }

    private List<object?> ParseList()
    {
        var items = new List<object?>();
        _position++;
        SkipSpace();
        if (Peek() == ']')
        {
            _position++;
            return items;
        }

        while (true)
        {
            items.Add(ParseValue());
            if (IsLast(']'))
            {
                return items;
            }
        }
    }

    private bool IsLast(char closing)
    {
        SkipSpace();
        if (Peek() == closing)
        {
            _position++;
            return true;
        }

        Expect(',');
        return false;
    }

    private string ParseString()
    {
        var characters = new StringBuilder();
        for (_position++; ;)
        {
            var character = Peek();
            if (character < ' ')
            {
                throw Wrong("no control character");
            }

            _position++;
            if (character == '"')
            {
                return characters.ToString();
            }

            characters.Append(character == '\\' ? ParseEscape() : character);
        }
    }

    private char ParseEscape()
    {
        var character = Peek();
        _position++;
        switch (character)
        {
            case '"' or '\\' or '/':
                return character;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u' when _position + 4 <= text.Length && ushort.TryParse(text.AsSpan(_position, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code):
                _position += 4;
                return (char)code;
            default:
                throw Wrong("an escape");
        }
    }

    private object ParseNumber()
    {
        var start = _position;
        if (Peek() == '-')
        {
            _position++;
        }

        var digits = SkipDigits();
        if (digits == 0 || (digits > 1 && text[_position - digits] == '0'))
        {
            throw Wrong("a value");
        }

        var isWhole = true;
        if (Peek() == '.')
        {
            isWhole = false;
            _position++;
            if (SkipDigits() == 0)
            {
                throw Wrong("a digit");
            }
        }

        if (Peek() is 'e' or 'E')
        {
            isWhole = false;
            _position++;
            if (Peek() is '+' or '-')
            {
                _position++;
            }

            if (SkipDigits() == 0)
            {
                throw Wrong("a digit");
            }
        }

        var number = text.AsSpan(start, _position - start);
        return isWhole
            ? BigInteger.Parse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            : double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    private int SkipDigits()
    {
        var start = _position;
        while (char.IsAsciiDigit(Peek()))
        {
            _position++;
        }

        return _position - start;
    }

    private object? Word(string word, object? value)
    {
        if (!text.AsSpan(_position).StartsWith(word, StringComparison.Ordinal))
        {
            throw Wrong("a value");
        }

        _position += word.Length;
        return value;
    }

    private void Expect(char character)
    {
        if (Peek() != character)
        {
            throw Wrong($"'{character}'");
        }

        _position++;
    }

    private char Peek() => _position < text.Length ? text[_position] : '\0';

    private void SkipSpace()
    {
        while (Peek() is ' ' or '\t' or '\n' or '\r')
        {
            _position++;
        }
    }

    private FormatException Wrong(string expected) => new($"expected {expected} at character {_position} of the JSON");
}

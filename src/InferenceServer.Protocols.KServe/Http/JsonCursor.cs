using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Walks a JSON text (RFC 8259) in UTF-8 from front to back. It knows two things that the reader of the base library does not allow: the
/// tokens NaN, Infinity, -Infinity, Inf and -Inf, which clients of this protocol send, and copying itself, to come back to a place later.
/// Nothing recurses, so that a deeply nested text costs no stack. After the first failure the caller stops: what it reads then means nothing.
/// </summary>
internal ref struct JsonCursor
{
    /// <summary>How many arrays and objects may be open at once, whether their content is used or skipped.</summary>
    public const int MaxDepth = 100;

    private static readonly SearchValues<byte> s_endsPlainText = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(static code => (byte)code), (byte)'"', (byte)'\\']);

    private readonly ReadOnlySpan<byte> _json;
    private int _position;
    private int _depth;

    /// <summary>Begins at the start of a text; a byte order mark before it is passed over.</summary>
    public JsonCursor(ReadOnlySpan<byte> json)
    {
        // Checked once for the whole text, which is faster than string by string.
        if (!Utf8.IsValid(json))
        {
            Failure = new JsonFailure(OffsetOfInvalid(json), "expected UTF-8, got bytes that are none");
            return;
        }

        _json = json;
        _position = json.StartsWith("\uFEFF"u8) ? 3 : 0;
    }

    public JsonFailure? Failure { get; private set; }

    public readonly bool Failed => Failure is not null;

    public readonly int Position => _position;

    /// <summary>How many bytes are still to come: an upper bound for how many values there can be.</summary>
    public readonly int Remaining => _json.Length - _position;

    /// <summary>What the text says between an earlier position and this one.</summary>
    public readonly ReadOnlySpan<byte> TextFrom(int position) => _json[position.._position];

    /// <summary>Which kind of value comes next.</summary>
    public JsonKind Peek()
    {
        SkipSpace();
        return _position >= _json.Length ? JsonKind.End : _json[_position] switch
        {
            (byte)'{' => JsonKind.Object,
            (byte)'[' => JsonKind.Array,
            (byte)'"' => JsonKind.String,
            (byte)'-' or (>= (byte)'0' and <= (byte)'9') or (byte)'N' or (byte)'I' => JsonKind.Number,
            (byte)'t' or (byte)'f' => JsonKind.Bool,
            (byte)'n' => JsonKind.Null,
            _ => JsonKind.Other,
        };
    }

    public bool TryEnterObject() => TryEnter((byte)'{', "an object");

    public bool TryEnterArray() => TryEnter((byte)'[', "an array");

    /// <summary>
    /// Reads the name of the next member of the object that was entered last, up to its value. The value must be read or skipped before
    /// the next call.
    /// </summary>
    /// <param name="first">True before the first call for an object.</param>
    /// <param name="name">The member's name.</param>
    /// <returns>False when the object has ended and is left, or when the text is wrong.</returns>
    public bool TryNextMember(ref bool first, out JsonText name)
    {
        name = default;
        if (!TryAdvance(ref first, (byte)'}', "',' or '}' after a member") || !TryReadString(out name, "a member's name in double quotes"))
        {
            return false;
        }

        SkipSpace();
        return TryTake((byte)':') || Fail("':' after a member's name");
    }

    /// <summary>Goes to the next element of the array that was entered last; false when it has ended and is left, or when the text is wrong.</summary>
    public bool TryNextElement(ref bool first) => TryAdvance(ref first, (byte)']', "',' or ']' after an element");

    public bool TryReadString(out JsonText text) => TryReadString(out text, "a string");

    public bool TryReadBool(out bool value)
    {
        SkipSpace();
        value = TryTake("true"u8);
        return value || TryTake("false"u8) || Fail("true or false");
    }

    public bool TryReadNull()
    {
        SkipSpace();
        return TryTake("null"u8) || Fail("null");
    }

    public bool TryReadNumber(out JsonNumber number)
    {
        number = default;
        SkipSpace();
        var start = _position;
        TryTake((byte)'-');
        if (TryTake("Infinity"u8) || TryTake("Inf"u8) || (_position == start && TryTake("NaN"u8)))
        {
            number = new JsonNumber(_json[start.._position], false);
            return true;
        }

        if (!TryTake((byte)'0') && !TrySkipDigits())
        {
            return Fail("a number");
        }

        var isInteger = true;
        if (TryTake((byte)'.'))
        {
            isInteger = false;
            if (!TrySkipDigits())
            {
                return Fail("a digit after the decimal point");
            }
        }

        if (TryTake((byte)'e') || TryTake((byte)'E'))
        {
            isInteger = false;
            _ = TryTake((byte)'+') || TryTake((byte)'-');
            if (!TrySkipDigits())
            {
                return Fail("a digit in the exponent");
            }
        }

        number = new JsonNumber(_json[start.._position], isInteger);
        return true;
    }

    /// <summary>
    /// Reads plain numbers that follow one another, with a comma and at most one space between them, straight into memory. It ends behind the last of them: what comes then is whatever the caller makes of it.
    /// </summary>
    /// <returns>How many; 0 when a number of another kind comes first, or anything else.</returns>
    public int ReadPlain<TReader, T>(Span<T> destination)
        where TReader : struct, IElementReader<T>
        where T : unmanaged
    {
        var count = 0;
        for (var begin = _position; count < destination.Length && TReader.TryReadPlain(_json[begin..], out destination[count], out var length);)
        {
            count++;
            begin += length;
            _position = begin;
            if (begin == _json.Length || _json[begin] != ',')
            {
                break;
            }

            begin++;
            begin += begin < _json.Length && _json[begin] == ' ' ? 1 : 0;
        }

        return count;
    }

    /// <summary>Passes over one value of any kind, and checks it like one that is used.</summary>
    public bool TrySkip()
    {
        // One bit for each open array or object, the innermost last: set for an object.
        var objects = UInt128.Zero;
        var open = 0;
        var first = true;
        do
        {
            switch (Peek())
            {
                case JsonKind.Object when TryEnterObject():
                    objects = (objects << 1) | 1;
                    open++;
                    first = true;
                    break;
                case JsonKind.Array when TryEnterArray():
                    objects <<= 1;
                    open++;
                    first = true;
                    break;
                case JsonKind.String when TryReadString(out _):
                case JsonKind.Number when TryReadNumber(out _):
                case JsonKind.Bool when TryReadBool(out _):
                case JsonKind.Null when TryReadNull():
                    break;
                default:
                    return Fail("a value");
            }

            while (open > 0 && !((objects & 1) != 0 ? TryNextMember(ref first, out _) : TryNextElement(ref first)))
            {
                if (Failed)
                {
                    return false;
                }

                objects >>= 1;
                open--;
                first = false;
            }
        }
        while (open > 0);
        return true;
    }

    /// <summary>Checks that nothing but white space follows.</summary>
    public bool TryEnd()
    {
        SkipSpace();
        return (_position == _json.Length && !Failed) || Fail("nothing after the document");
    }

    private static int OffsetOfInvalid(ReadOnlySpan<byte> json)
    {
        var offset = 0;
        while (Rune.DecodeFromUtf8(json[offset..], out _, out var length) == OperationStatus.Done)
        {
            offset += length;
        }

        return offset;
    }

    private bool TryEnter(byte opening, string expected)
    {
        SkipSpace();
        if (!TryTake(opening))
        {
            return Fail(expected);
        }

        if (_depth == MaxDepth)
        {
            Failure ??= new JsonFailure(_position - 1, $"JSON nesting depth exceeds maximum allowed limit ({MaxDepth})");
            return false;
        }

        _depth++;
        return true;
    }

    private bool TryAdvance(ref bool first, byte closing, string expected)
    {
        SkipSpace();
        if (TryTake(closing))
        {
            _depth--;
            return false;
        }

        if (!first && !TryTake((byte)','))
        {
            return Fail(expected);
        }

        first = false;
        return true;
    }

    private bool TryReadString(out JsonText text, string expected)
    {
        text = default;
        SkipSpace();
        if (!TryTake((byte)'"'))
        {
            return Fail(expected);
        }

        var start = _position;
        var shorter = 0;
        while (true)
        {
            var plain = _json[_position..].IndexOfAny(s_endsPlainText);
            if (plain < 0)
            {
                _position = _json.Length;
                return Fail("'\"' at the end of the string");
            }

            _position += plain;
            if (_json[_position] == '"')
            {
                text = new JsonText(_json[start.._position], _position - start - shorter);
                _position++;
                return true;
            }

            if (_json[_position] != '\\')
            {
                return Fail("a control character to be escaped");
            }

            if (!JsonEscapes.TryRead(_json[_position..], out var rune, out var length))
            {
                return Fail("an escape that JSON knows, surrogates in pairs");
            }

            shorter += length - rune.Utf8SequenceLength;
            _position += length;
        }
    }

    private bool TrySkipDigits()
    {
        var start = _position;
        while (_position < _json.Length && (uint)(_json[_position] - '0') <= 9)
        {
            _position++;
        }

        return _position > start;
    }

    private void SkipSpace()
    {
        while (_position < _json.Length && _json[_position] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            _position++;
        }
    }

    private bool TryTake(byte value)
    {
        if (_position >= _json.Length || _json[_position] != value)
        {
            return false;
        }

        _position++;
        return true;
    }

    private bool TryTake(ReadOnlySpan<byte> token)
    {
        if (!_json[_position..].StartsWith(token))
        {
            return false;
        }

        _position += token.Length;
        return true;
    }

    private bool Fail(string expected)
    {
        Failure ??= new JsonFailure(_position, $"expected {expected}, got {Found()}");
        return false;
    }

    private readonly string Found() =>
        _position >= _json.Length ? "the end of the text"
        : _json[_position] is >= 0x20 and < 0x7F ? $"'{(char)_json[_position]}'"
        : $"the byte 0x{_json[_position]:X2}";
}

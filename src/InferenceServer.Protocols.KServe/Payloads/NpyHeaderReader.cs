using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Logging;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>
/// Reads what an npy file begins with (NumPy's format versions 1.0, 2.0 and 3.0): magic bytes, version, a length, and the literal of a
/// Python dictionary with the keys <c>descr</c>, <c>fortran_order</c> and <c>shape</c>. Nothing recurses, nothing is evaluated, and a
/// literal longer than NumPy itself writes is refused.
/// </summary>
internal ref struct NpyHeaderReader
{
    /// <summary>The most bytes that the literal may have: what format version 1.0 can say.</summary>
    public const int MaxLiteral = ushort.MaxValue;

    private const int MagicLength = 6;
    private const int VersionLength = 2;

    private readonly ReadOnlySpan<byte> _literal;
    private readonly int _offset;
    private int _position;
    private string? _descr;
    private bool? _isFortran;
    private TensorShape? _shape;

    private NpyHeaderReader(ReadOnlySpan<byte> literal, int offset)
    {
        _literal = literal;
        _offset = offset;
    }

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the header of the file that <paramref name="body"/> is.</summary>
    public static InferenceError? Read(ReadOnlySpan<byte> body, out NpyHeader header)
    {
        header = default;
        if (!body.StartsWith(Magic))
        {
            return PayloadErrors.Npy("the magic bytes of NumPy at its start", "something else");
        }

        if (body.Length < MagicLength + VersionLength)
        {
            return PayloadErrors.Npy("a format version", "the end of the body");
        }

        var major = body[MagicLength];
        var minor = body[MagicLength + 1];
        if (major is < 1 or > 3 || minor != 0)
        {
            return PayloadErrors.Npy("the format version 1.0, 2.0 or 3.0", $"{major}.{minor}");
        }

        var rest = body[(MagicLength + VersionLength)..];
        var lengthSize = major == 1 ? sizeof(ushort) : sizeof(uint);
        if (rest.Length < lengthSize)
        {
            return PayloadErrors.Npy("the length of the header", "the end of the body");
        }

        var length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(rest) : BinaryPrimitives.ReadUInt32LittleEndian(rest);
        rest = rest[lengthSize..];
        if (length > MaxLiteral)
        {
            return PayloadErrors.Npy($"a header of at most {MaxLiteral} bytes", $"{length} bytes");
        }

        if (length > rest.Length)
        {
            return PayloadErrors.Npy($"a header of {length} bytes", $"{rest.Length} bytes");
        }

        var offset = MagicLength + VersionLength + lengthSize;
        var reader = new NpyHeaderReader(rest[..(int)length], offset);
        if (reader.ReadDictionary() is { } error)
        {
            return error;
        }

        header = new NpyHeader(reader._descr!, reader._isFortran!.Value, reader._shape!.Value, offset + (int)length);
        return null;
    }

    private InferenceError? ReadDictionary()
    {
        if (!TryTake('{'))
        {
            return Fail("'{'");
        }

        for (var isFirst = true; !TryTake('}'); isFirst = false)
        {
            if (!isFirst)
            {
                if (!TryTake(','))
                {
                    return Fail("',' or '}'");
                }

                if (TryTake('}'))
                {
                    break;
                }
            }

            if (ReadMember() is { } error)
            {
                return error;
            }
        }

        SkipSpace();
        return _position < _literal.Length ? Fail("nothing after the dictionary")
            : _descr is null ? PayloadErrors.Npy("a header with 'descr'", "none")
            : _isFortran is null ? PayloadErrors.Npy("a header with 'fortran_order'", "none")
            : _shape is null ? PayloadErrors.Npy("a header with 'shape'", "none")
            : null;
    }

    private InferenceError? ReadMember()
    {
        if (!TryReadString(out var key))
        {
            return Fail("a key in quotes");
        }

        if (!TryTake(':'))
        {
            return Fail("':'");
        }

        return key switch
        {
            "descr" when _descr is null => ReadDescr(),
            "fortran_order" when _isFortran is null => ReadOrder(),
            "shape" when _shape is null => ReadShape(),
            _ => PayloadErrors.Npy("the keys 'descr', 'fortran_order' and 'shape' once each", $"'{ClippedText.Of(key!, PayloadErrors.LongestQuote)}'"),
        };
    }

    private InferenceError? ReadDescr()
    {
        SkipSpace();
        if (_position < _literal.Length && _literal[_position] == '[')
        {
            return PayloadErrors.Npy("elements that are single values", "elements of several fields");
        }

        return TryReadString(out _descr) ? null : Fail("a type in quotes");
    }

    private InferenceError? ReadOrder()
    {
        SkipSpace();
        var rest = _literal[_position..];
        _isFortran = rest.StartsWith("True"u8) ? true : rest.StartsWith("False"u8) ? false : null;
        if (_isFortran is not { } isFortran)
        {
            return Fail("True or False");
        }

        _position += isFortran ? 4 : 5;
        return null;
    }

    private InferenceError? ReadShape()
    {
        if (!TryTake('('))
        {
            return Fail("a tuple of sizes");
        }

        Span<long> dimensions = stackalloc long[TensorShape.MaxRank];
        var rank = 0;
        while (!TryTake(')'))
        {
            if (rank > 0 && !TryTake(','))
            {
                return Fail("',' or ')'");
            }

            if (rank > 0 && TryTake(')'))
            {
                break;
            }

            if (rank == dimensions.Length)
            {
                return PayloadErrors.Npy($"a shape of at most {TensorShape.MaxRank} dimensions", "more");
            }

            if (!TryReadSize(out dimensions[rank]))
            {
                return Fail($"a size from 0 to {long.MaxValue}");
            }

            rank++;
        }

        _shape = new TensorShape(dimensions[..rank]);
        return null;
    }

    private bool TryReadSize(out long size)
    {
        SkipSpace();
        var digits = _literal[_position..];
        var length = digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = length < 0 ? digits : digits[..length];
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out size))
        {
            return false;
        }

        _position += digits.Length;

        // Python 2 wrote sizes as its long integers.
        _position += _position < _literal.Length && _literal[_position] == 'L' ? 1 : 0;
        return true;
    }

    private bool TryReadString(out string? text)
    {
        text = null;
        SkipSpace();
        if (_position == _literal.Length || _literal[_position] is not ((byte)'\'' or (byte)'"'))
        {
            return false;
        }

        var rest = _literal[(_position + 1)..];
        var end = rest.IndexOf(_literal[_position]);
        if (end < 0 || !Ascii.IsValid(rest[..end]) || rest[..end].Contains((byte)'\\'))
        {
            return false;
        }

        text = Encoding.ASCII.GetString(rest[..end]);
        _position += end + 2;
        return true;
    }

    private bool TryTake(char value)
    {
        SkipSpace();
        if (_position == _literal.Length || _literal[_position] != value)
        {
            return false;
        }

        _position++;
        return true;
    }

    private void SkipSpace()
    {
        while (_position < _literal.Length && _literal[_position] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            _position++;
        }
    }

    private readonly InferenceError Fail(string expected) => PayloadErrors.Npy(
        $"{expected} at offset {_offset + _position}",
        _position == _literal.Length ? "the end of the header" : _literal[_position] is >= 0x20 and < 0x7F ? $"'{(char)_literal[_position]}'" : $"the byte 0x{_literal[_position]:X2}");
}

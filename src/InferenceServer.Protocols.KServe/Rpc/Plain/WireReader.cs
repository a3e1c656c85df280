using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// Walks the fields of a message in the wire format of Protocol Buffers, where it lies. Whatever is not as it should be ends the walk: nothing is repaired, and nothing is read beyond the end.
/// </summary>
/// <param name="message">The message.</param>
internal ref struct WireReader(ReadOnlySequence<byte> message)
{
    /// <summary>A whole number of variable length.</summary>
    public const int Varint = 0;

    /// <summary>Eight bytes.</summary>
    public const int Fixed64 = 1;

    /// <summary>A length, and so many bytes.</summary>
    public const int Bytes = 2;

    private const int MaxVarintBytes = 10;
    private const int MaxNameBytes = 256;

    private SequenceReader<byte> _reader = new(message);

    /// <summary>How many bytes have been read.</summary>
    public readonly long Position => _reader.Consumed;

    /// <summary>True when nothing is left.</summary>
    public readonly bool IsAtEnd => _reader.End;

    /// <summary>The number of the next field and how it is written.</summary>
    public bool TryReadTag(out ulong field, out int type)
    {
        var isThere = TryReadVarint(out var tag);
        field = tag >> 3;
        type = (int)(tag & 7);
        return isThere;
    }

    /// <summary>A whole number; of one that does not fit in 64 bits nothing is read.</summary>
    public bool TryReadVarint(out ulong value)
    {
        value = 0;
        for (var i = 0; i < MaxVarintBytes; i++)
        {
            if (!_reader.TryRead(out var next))
            {
                return false;
            }

            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                return i < MaxVarintBytes - 1 || next <= 1;
            }
        }

        return false;
    }

    /// <summary>Eight bytes, little-endian.</summary>
    public bool TryReadFixed64(out ulong value)
    {
        var isThere = _reader.TryReadLittleEndian(out long bits);
        value = (ulong)bits;
        return isThere;
    }

    /// <summary>A length that ends within the message.</summary>
    public bool TryReadLength(out long length)
    {
        length = 0;
        if (!TryReadVarint(out var value) || value > (ulong)_reader.Remaining)
        {
            return false;
        }

        length = (long)value;
        return true;
    }

    /// <summary>Passes over some bytes, which have been found to be there.</summary>
    public void Skip(long length) => _reader.Advance(length);

    /// <summary>Takes as many bytes as there is room for, which have been found to be there.</summary>
    public void CopyTo(Span<byte> room)
    {
        _reader.TryCopyTo(room);
        _reader.Advance(room.Length);
    }

    /// <summary>A length and a text; false also for what is no UTF-8, and for texts that no name is as long as.</summary>
    /// <param name="name">The text.</param>
    /// <param name="comesAgain">True when it is worth remembering.</param>
    public bool TryReadName(out string name, bool comesAgain = true)
    {
        name = "";
        if (!TryReadLength(out var length) || length > MaxNameBytes)
        {
            return false;
        }

        Span<byte> room = stackalloc byte[MaxNameBytes];
        scoped var bytes = _reader.UnreadSpan;
        if (bytes.Length < length)
        {
            _reader.TryCopyTo(room[..(int)length]);
            bytes = room;
        }

        bytes = bytes[..(int)length];
        if (!comesAgain || !KnownNames.TryFind(bytes, out name))
        {
            if (!Utf8.IsValid(bytes))
            {
                return false;
            }

            name = Encoding.UTF8.GetString(bytes);
            if (comesAgain)
            {
                KnownNames.Keep(bytes, name);
            }
        }

        _reader.Advance(length);
        return true;
    }
}

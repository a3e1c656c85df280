using InferenceServer.Bench.Http;

namespace InferenceServer.Bench.Rpc;

/// <summary>Walks over the fields of a serialised message without building it.</summary>
internal ref struct ProtobufFields(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Reads the next field.</summary>
    /// <param name="field">Its number.</param>
    /// <param name="wireType">0 for a varint, 1 and 5 for fixed widths, 2 for what states its length.</param>
    /// <param name="content">Its bytes, without tag and length.</param>
    /// <exception cref="BadResponseException">The bytes are no message.</exception>
    public bool TryNext(out int field, out int wireType, out ReadOnlySpan<byte> content)
    {
        (field, wireType) = (0, 0);
        content = [];
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = Varint();
        (field, wireType) = ((int)(tag >> 3), (int)(tag & 7));
        var length = wireType switch
        {
            0 => VarintLength(),
            1 => 8UL,
            2 => Varint(),
            5 => 4UL,
            _ => throw Broken(),
        };
        if (length > (ulong)_rest.Length)
        {
            throw Broken();
        }

        content = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return true;
    }

    private static BadResponseException Broken() => new("a message on the stream is no ModelStreamInferResponse");

    private readonly ulong VarintLength()
    {
        var length = 0;
        while (length < _rest.Length && _rest[length] >= 0x80)
        {
            length++;
        }

        return length < 10 ? (ulong)length + 1 : throw Broken();
    }

    private ulong Varint()
    {
        var length = (int)VarintLength();
        if (length > _rest.Length)
        {
            throw Broken();
        }

        ulong value = 0;
        for (var i = 0; i < length; i++)
        {
            value |= (ulong)(_rest[i] & 0x7F) << (7 * i);
        }

        _rest = _rest[length..];
        return value;
    }
}

using System.Buffers;
using System.Buffers.Text;
using Grpc.Core;

namespace InferenceServer.Bench.Rpc;

/// <summary>A serialised request with an id behind it: fields of a message may come in any order, so the request itself is the same bytes every time.</summary>
internal sealed class StreamMessage
{
    private const byte IdTag = (3 << 3) | 2;
    private const byte Separator = (byte)'-';
    private const int MaxIdBytes = 40;

    private readonly byte[] _request;
    private readonly int _slot;
    private readonly long _number;

    /// <param name="request">The serialised request.</param>
    /// <param name="slot">Which of the requests in flight it is.</param>
    /// <param name="number">Which one in that slot, so that an answer that comes too late is not taken for a later one's.</param>
    public StreamMessage(byte[] request, int slot, long number)
    {
        _request = request;
        _slot = slot;
        _number = number;
    }

    public void WriteTo(SerializationContext context)
    {
        Span<byte> id = stackalloc byte[MaxIdBytes];
        Utf8Formatter.TryFormat(_slot, id, out var slotLength);
        id[slotLength] = Separator;
        Utf8Formatter.TryFormat(_number, id[(slotLength + 1)..], out var numberLength);
        id = id[..(slotLength + 1 + numberLength)];
        context.SetPayloadLength(_request.Length + 2 + id.Length);
        var writer = context.GetBufferWriter();
        writer.Write(_request);
        writer.Write([IdTag, (byte)id.Length]);
        writer.Write(id);
        context.Complete();
    }

    /// <summary>Reads an id back.</summary>
    public static bool TryReadId(ReadOnlySpan<byte> id, out int slot, out long number)
    {
        number = 0;
        return Utf8Parser.TryParse(id, out slot, out var length) && length < id.Length && id[length] == Separator
            && Utf8Parser.TryParse(id[(length + 1)..], out number, out var rest) && length + 1 + rest == id.Length;
    }
}

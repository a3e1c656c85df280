using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Rpc;

namespace InferenceServer.Protocols.KServe.Compression;

/// <summary>One compressed gRPC message, read as its content; ends the call when that is corrupt or longer than a message may be.</summary>
internal sealed class BoundedInflation(Stream inflating, int limit) : ReadOnlyStream
{
    private long _length;

    // gRPC reads a message that it holds whole, without waiting.
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        // One byte more than allowed is enough to know that there is more.
        var room = (int)Math.Min(buffer.Length, limit + 1L - _length);
        int read;
        try
        {
            read = inflating.Read(buffer[..room]);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            // The second comes of data that counts on a dictionary, which nobody has: a message that is held whole cannot break off.
            throw RpcErrorMapping.ToException(new InferenceError(ErrorCode.InvalidArgument, "the message cannot be decompressed: its data is corrupt or ends too early"));
        }

        _length += read;
        return _length > limit
            ? throw RpcErrorMapping.ToException(new InferenceError(ErrorCode.ResourceExhausted, $"the message exceeds the maximum of {limit} bytes after decompression. Use --grpc-max-inflated-bytes to increase the limit, or send it uncompressed"))
            : read;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inflating.Dispose();
        }

        base.Dispose(disposing);
    }
}

using System.Buffers;
using System.IO.Pipelines;
using InferenceServer.Protocols.KServe.Compression;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// A body of which some has been taken, as if nothing had been: first what was taken, then what the transport still has. The memory of what was taken is given back as soon as it has been read again.
/// </summary>
/// <param name="pieces">What was taken, in its order, none of them empty. The tensors become this one's.</param>
/// <param name="rest">What is still to come.</param>
internal sealed class RestoredBody(Queue<RestoredPiece> pieces, PipeReader rest) : ReadOnlyStream
{
    private int _read;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => pieces.Count == 0 && !buffer.IsEmpty ? ReadRestAsync(buffer, cancellationToken) : new(ReadAgain(buffer.Span));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            while (pieces.TryDequeue(out var piece))
            {
                piece.Tensor?.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private int ReadAgain(Span<byte> room)
    {
        var used = 0;
        while (used < room.Length && pieces.TryPeek(out var piece))
        {
            var left = piece.Bytes.Span[_read..];
            var length = Math.Min(left.Length, room.Length - used);
            left[..length].CopyTo(room[used..]);
            used += length;
            _read += length;
            if (length == left.Length)
            {
                _read = 0;
                pieces.Dequeue().Tensor?.Dispose();
            }
        }

        return used;
    }

    private async ValueTask<int> ReadRestAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await rest.ReadAsync(cancellationToken).ConfigureAwait(false);
            var taken = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, buffer.Length));
            taken.CopyTo(buffer.Span);
            var length = (int)taken.Length;
            var isOver = read.IsCompleted;
            rest.AdvanceTo(taken.End);
            if (length > 0 || isOver)
            {
                return length;
            }
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// The raw contents of a message whose head has been read: takes them into the memory of their tensors as they come, so long as they come as the head says, one after the other and nothing between them.
/// </summary>
/// <param name="message">What the head says, with memory for each input.</param>
/// <param name="head">All that comes before the contents, from the first byte of the body on.</param>
internal sealed class ArrivingContents(PlainMessage message, byte[] head)
{
    private const byte Tag = (PlainMessageReader.RawInputContents << 3) | WireReader.Bytes;
    private const int MaxPrefix = 1 + Varint.MaxBytes;

    private int _untaken = head.Length;
    private int _input;
    private bool _isBegun;
    private long _filled;

    /// <summary>True when all that the head speaks of has come.</summary>
    public bool IsComplete => _input == message.Tensors.Count;

    /// <summary>Takes what has come.</summary>
    /// <param name="bytes">What has come and was not taken.</param>
    /// <param name="taken">Up to where it has been taken now.</param>
    /// <returns>False when what comes next is not what the head says.</returns>
    public bool TryTake(in ReadOnlySequence<byte> bytes, out SequencePosition taken)
    {
        var reader = new SequenceReader<byte>(bytes);
        reader.Advance(_untaken);
        _untaken = 0;
        Span<byte> room = stackalloc byte[MaxPrefix];
        var isAsSaid = true;
        while (!IsComplete)
        {
            var tensor = message.Tensors[_input]!;
            if (!_isBegun)
            {
                var prefix = room[..WritePrefix(room, tensor.Length)];
                if (reader.Remaining < prefix.Length || !(isAsSaid = reader.IsNext(prefix, advancePast: true)))
                {
                    break;
                }

                _isBegun = true;
            }

            var length = (int)Math.Min(reader.Remaining, tensor.Length - _filled);
            reader.TryCopyTo(tensor.Slice(_filled, length));
            reader.Advance(length);
            _filled += length;
            if (_filled < tensor.Length)
            {
                break;
            }

            _input++;
            _isBegun = false;
            _filled = 0;
        }

        taken = reader.Position;
        return isAsSaid;
    }

    /// <summary>The body as it was before anything was taken of it. The memory of what has been taken becomes its own.</summary>
    /// <param name="rest">What was not taken.</param>
    public RestoredBody Restore(PipeReader rest)
    {
        var pieces = new Queue<RestoredPiece>();
        pieces.Enqueue(new RestoredPiece(head, null));
        for (var i = 0; i < _input; i++)
        {
            Restore(pieces, i, message.Tensors[i]!.Length);
        }

        if (_isBegun)
        {
            Restore(pieces, _input, _filled);
        }

        return new RestoredBody(pieces, rest);
    }

    private void Restore(Queue<RestoredPiece> pieces, int input, long length)
    {
        var tensor = message.TakeTensor(input);
        var prefix = new byte[MaxPrefix];
        pieces.Enqueue(new RestoredPiece(prefix.AsMemory(0, WritePrefix(prefix, tensor.Length)), null));
        if (length == 0)
        {
            tensor.Dispose();
            return;
        }

        pieces.Enqueue(new RestoredPiece(new TensorMemory(new TensorView("", TensorDataType.UInt8, default, tensor)).Memory[..(int)length], tensor));
    }

    private static int WritePrefix(Span<byte> room, long length)
    {
        room[0] = Tag;
        return 1 + Varint.Write(room[1..], (ulong)length);
    }
}

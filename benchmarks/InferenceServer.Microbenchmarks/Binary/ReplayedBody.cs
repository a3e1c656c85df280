using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Microbenchmarks.Binary;

/// <summary>A body that is all there, in pieces as the web server's pipe has them, and can be read again and again.</summary>
internal sealed class ReplayedBody : PipeReader, IRequestBodyPipeFeature
{
    private const int Piece = 4096;

    private readonly ReadOnlySequence<byte> _whole;
    private ReadOnlySequence<byte> _rest;

    public ReplayedBody(ReadOnlyMemory<byte> bytes)
    {
        var first = new Segment(bytes[..Math.Min(Piece, bytes.Length)], 0);
        var last = first;
        for (var offset = Piece; offset < bytes.Length; offset += Piece)
        {
            last = last.Append(bytes.Slice(offset, Math.Min(Piece, bytes.Length - offset)));
        }

        _whole = _rest = new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    public PipeReader Reader => this;

    /// <summary>All of it.</summary>
    public ref readonly ReadOnlySequence<byte> Whole => ref _whole;

    /// <summary>From the beginning again.</summary>
    public void Rewind() => _rest = _whole;

    public override void AdvanceTo(SequencePosition consumed) => _rest = _rest.Slice(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

    public override void CancelPendingRead()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(new ReadResult(_rest, isCanceled: false, isCompleted: true));

    public override bool TryRead(out ReadResult result)
    {
        result = new ReadResult(_rest, isCanceled: false, isCompleted: true);
        return true;
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long start) => (Memory, RunningIndex) = (memory, start);

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}

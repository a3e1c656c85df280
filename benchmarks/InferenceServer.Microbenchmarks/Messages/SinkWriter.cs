using System.IO.Pipelines;

namespace InferenceServer.Microbenchmarks.Messages;

/// <summary>Where an answer goes that nobody reads, in pieces of memory as the web server's pipe gives them.</summary>
internal sealed class SinkWriter : PipeWriter
{
    private byte[] _piece = new byte[4096];

    /// <summary>How much has been written.</summary>
    public long Written { get; private set; }

    public override void Advance(int bytes) => Written += bytes;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (sizeHint > _piece.Length)
        {
            _piece = new byte[sizeHint];
        }

        return _piece;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(default(FlushResult));

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }
}

using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Where an answer goes that nobody reads: pieces of memory as the web server's pipe gives them, and no allocation of its own.</summary>
internal sealed class SinkBody : PipeWriter, IHttpResponseBodyFeature
{
    private byte[] _piece = new byte[4096];

    /// <summary>How many bytes have been written.</summary>
    public long Written { get; private set; }

    public Stream Stream => throw new NotSupportedException();

    public PipeWriter Writer => this;

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

    public void DisableBuffering()
    {
    }

    public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task CompleteAsync() => Task.CompletedTask;
}

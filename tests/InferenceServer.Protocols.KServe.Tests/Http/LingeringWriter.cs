using System.IO.Pipelines;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Hands everything on, and returns from its flushes when something has happened.</summary>
/// <param name="inner">Where it goes.</param>
/// <param name="happens">What is waited for when it has gone there.</param>
internal sealed class LingeringWriter(PipeWriter inner, Task happens) : PipeWriter
{
    public override void Advance(int bytes) => inner.Advance(bytes);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var result = await inner.FlushAsync(cancellationToken);
        await happens.WaitAsync(CancellationToken.None);
        return result;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);
}

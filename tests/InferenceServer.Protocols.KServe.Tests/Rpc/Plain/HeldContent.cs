using System.Net;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

/// <summary>A body of which one part is sent at once and the other when it may be.</summary>
internal sealed class HeldContent(ReadOnlyMemory<byte> first, Task mayGoOn, ReadOnlyMemory<byte> second) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(first, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        await mayGoOn.WaitAsync(cancellationToken);
        await stream.WriteAsync(second, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

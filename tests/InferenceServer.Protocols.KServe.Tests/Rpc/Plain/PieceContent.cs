using System.Net;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

/// <summary>A body that is sent in pieces, each of which leaves before the next is written.</summary>
internal sealed class PieceContent(byte[] body, int pieceLength) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (var start = 0; start < body.Length; start += Math.Min(pieceLength, body.Length - start))
        {
            await stream.WriteAsync(body.AsMemory(start, Math.Min(pieceLength, body.Length - start)));
            await stream.FlushAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

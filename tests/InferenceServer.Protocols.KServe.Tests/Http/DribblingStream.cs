namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Gives its bytes in pieces of the given sizes, over and over.</summary>
internal sealed class DribblingStream(byte[] bytes, params int[] pieces) : MemoryStream(bytes)
{
    private int _piece;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var length = Math.Min(buffer.Length, pieces[_piece++ % pieces.Length]);
        return ValueTask.FromResult(Read(buffer.Span[..length]));
    }
}

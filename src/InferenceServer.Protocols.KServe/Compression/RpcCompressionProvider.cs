using System.IO.Compression;
using Grpc.Net.Compression;

namespace InferenceServer.Protocols.KServe.Compression;

/// <summary>
/// Compresses and decompresses gRPC messages. gRPC itself bounds only what arrives, so that the message's limit is kept here for what it
/// becomes.
/// </summary>
internal sealed class RpcCompressionProvider(ContentCoding coding, int maxMessageBytes) : ICompressionProvider
{
    public string EncodingName => ContentCodings.NameOf(coding);

    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) =>
        ContentCodings.Compress(coding, stream, compressionLevel ?? CompressionLevel.Fastest);

    public Stream CreateDecompressionStream(Stream stream) =>
        new BoundedInflation(coding == ContentCoding.Gzip ? new GZipStream(stream, CompressionMode.Decompress) : new ZLibStream(stream, CompressionMode.Decompress), maxMessageBytes);
}

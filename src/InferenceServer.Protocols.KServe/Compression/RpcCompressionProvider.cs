using System.IO.Compression;
using Grpc.Net.Compression;

namespace InferenceServer.Protocols.KServe.Compression;

/// <summary>
/// Compresses and decompresses gRPC messages. A few bytes may become any number of them, so that what is compressed has a limit of its own, far
/// below that of messages which come as they are.
/// </summary>
internal sealed class RpcCompressionProvider(ContentCoding coding, int maxBytes) : ICompressionProvider
{
    public string EncodingName => ContentCodings.NameOf(coding);

    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) =>
        ContentCodings.Compress(coding, stream, compressionLevel ?? CompressionLevel.Fastest);

    public Stream CreateDecompressionStream(Stream stream) =>
        new BoundedInflation(coding == ContentCoding.Gzip ? new GZipStream(stream, CompressionMode.Decompress) : new ZLibStream(stream, CompressionMode.Decompress), maxBytes);
}

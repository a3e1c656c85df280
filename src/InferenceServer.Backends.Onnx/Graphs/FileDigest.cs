using System.Buffers;
using System.IO.Abstractions;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>Digests of whole files.</summary>
internal static class FileDigest
{
    private const int BufferSize = 1 << 20;

    /// <summary>
    /// Tells one source from any other, be it made on purpose: whoever may load a model of his own must not get at the key of another's.
    /// </summary>
    public static byte[] OfSource(IFileSystem files, string path, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Read(files, path, hash.AppendData, cancellation);
        return hash.GetHashAndReset();
    }

    /// <summary>Tells a whole file from a damaged one, many times faster. Who can write to the folder of what is kept is no stranger.</summary>
    public static string OfEntry(IFileSystem files, string path, CancellationToken cancellation)
    {
        var hash = new XxHash128();
        Read(files, path, hash.Append, cancellation);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private static void Read(IFileSystem files, string path, Action<ReadOnlySpan<byte>> append, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            using var stream = files.FileStream.New(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
            for (var count = stream.Read(buffer); count > 0; count = stream.Read(buffer))
            {
                cancellation.ThrowIfCancellationRequested();
                append(buffer.AsSpan(0, count));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

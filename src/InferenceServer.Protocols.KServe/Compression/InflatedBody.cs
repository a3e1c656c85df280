using System.IO.Compression;
using System.IO.Pipelines;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace InferenceServer.Protocols.KServe.Compression;

/// <summary>
/// A request body, decompressed while it is read: nothing is held beyond what the reader takes, and no byte beyond the limit is produced, so
/// that a small body which would grow large costs no more than one that is refused for its length.
/// </summary>
internal sealed class InflatedBody : ReadOnlyStream
{
    /// <summary>How much longer than its content a compressed body can be: a few bytes for each block of it, and the wrapper.</summary>
    private const int Overhead = 64 << 10;

    /// <summary>The bit in the second byte of the zlib wrapper that says that the data counts on a dictionary (RFC 1950).</summary>
    private const int NeedsDictionary = 0x20;

    private readonly Stream _inflating;
    private long _length;

    private InflatedBody(Stream inflating, int limit)
    {
        _inflating = inflating;
        Limit = limit;
    }

    /// <summary>The most bytes that the content may have.</summary>
    public int Limit { get; }

    /// <summary>
    /// Puts the decompressed body in place of the compressed one. Which wrapper there is, is told by the first bytes, whatever the header
    /// says: both readings of deflate are in use.
    /// </summary>
    /// <returns>Why it cannot be decompressed, or null.</returns>
    /// <exception cref="BadHttpRequestException">The compressed body is longer than its content may be.</exception>
    public static async ValueTask<InferenceError?> ReplaceAsync(HttpRequest request, int limit)
    {
        // A compressed body may go on for ever without any content.
        var longest = (long)limit + (limit / 1000) + Overhead;
        if (request.ContentLength > longest)
        {
            return RequestErrors.InflatedLimit(limit);
        }

        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
        {
            feature.MaxRequestBodySize = longest;
        }

        var result = await request.BodyReader.ReadAtLeastAsync(2);
        var (first, second, length) = Peek(result);
        request.BodyReader.AdvanceTo(result.Buffer.Start);
        if (length == 0)
        {
            request.HttpContext.Response.ContentType = JsonAnswer.PlainText;
            return RequestErrors.NothingToInflate();
        }

        var compressed = request.BodyReader.AsStream(leaveOpen: true);
        Stream inflating;
        if (length > 1 && first == 0x1F && second == 0x8B)
        {
            inflating = new GZipStream(compressed, CompressionMode.Decompress);
        }
        else if (length > 1 && (first & 0x0F) == 8 && ((first << 8) | second) % 31 == 0)
        {
            if ((second & NeedsDictionary) != 0)
            {
                return RequestErrors.NeedsDictionary();
            }

            inflating = new ZLibStream(compressed, CompressionMode.Decompress);
        }
        else
        {
            return RequestErrors.NotCompressed();
        }

        // Its length is not known before it has been read.
        request.ContentLength = null;
        request.Body = new InflatedBody(inflating, limit);
        request.HttpContext.Response.RegisterForDispose(request.Body);
        return null;
    }

    /// <exception cref="UnusableBodyException">The data is corrupt, or there is more of it than allowed.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // One byte more than allowed is enough to know that there is more.
        var room = (int)Math.Min(buffer.Length, Limit + 1L - _length);
        try
        {
            var read = await _inflating.ReadAsync(buffer[..room], cancellationToken);
            _length += read;
            return _length > Limit ? throw new UnusableBodyException(RequestErrors.InflatedLimit(Limit)) : read;
        }
        catch (InvalidDataException exception)
        {
            throw new UnusableBodyException(RequestErrors.CorruptBody(_length), exception);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inflating.Dispose();
        }

        base.Dispose(disposing);
    }

    private static (byte First, byte Second, long Length) Peek(in ReadResult result)
    {
        Span<byte> start = stackalloc byte[2];
        var length = Math.Min(2, result.Buffer.Length);
        System.Buffers.BuffersExtensions.CopyTo(result.Buffer.Slice(0, length), start);
        return (start[0], start[1], length);
    }
}

using System.Buffers.Text;
using System.Text;

namespace InferenceServer.Bench.Http;

/// <summary>
/// Reads one HTTP/1.1 response at a time out of a buffer that the socket fills directly, so that a body with a known length is never copied.
/// There is no pipelining in a closed loop: bytes behind the end of a response are an error.
/// </summary>
internal sealed class HttpResponseParser
{
    private const int MaxHeadBytes = 64 * 1024;
    private const int MaxResponseBytes = 512 * 1024 * 1024;

    private byte[] _buffer = new byte[16 * 1024];
    private int _received;
    private int _headLength;
    private int _bodyLength;
    private bool _chunked;
    private ChunkedBodyDecoder _chunks;

    /// <summary>Where the socket writes the next bytes; call <see cref="Advance"/> with how many it wrote.</summary>
    public Span<byte> Writable
    {
        get
        {
            if (_received == _buffer.Length)
            {
                if (_buffer.Length >= MaxResponseBytes)
                {
                    throw new BadResponseException($"the response is longer than {MaxResponseBytes} bytes");
                }

                Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, MaxResponseBytes));
            }

            return _buffer.AsSpan(_received);
        }
    }

    /// <summary>Bytes received of the response so far, its head included.</summary>
    public int Length => _received;

    public int StatusCode { get; private set; }

    /// <summary>False when the server says that it closes the connection after this response.</summary>
    public bool KeepAlive { get; private set; }

    /// <summary>The body; valid after <see cref="Advance"/> gave true and until <see cref="Reset"/>.</summary>
    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_headLength, _bodyLength);

    /// <summary>Forgets the response that was read.</summary>
    public void Reset()
    {
        _received = 0;
        _headLength = 0;
        _bodyLength = 0;
        _chunked = false;
        StatusCode = 0;
    }

    /// <summary>Takes in <paramref name="count"/> more bytes and says whether the response is complete.</summary>
    public bool Advance(int count)
    {
        var searchFrom = Math.Max(0, _received - 3);
        _received += count;
        if (_headLength == 0)
        {
            var end = _buffer.AsSpan(searchFrom, _received - searchFrom).IndexOf("\r\n\r\n"u8);
            if (end < 0)
            {
                return _received <= MaxHeadBytes ? false : throw new BadResponseException($"the response head is longer than {MaxHeadBytes} bytes");
            }

            _headLength = searchFrom + end + 4;
            ReadHead();
        }

        var behindHead = _received - _headLength;
        if (_chunked)
        {
            if (!_chunks.Decode(_buffer.AsSpan(_headLength, behindHead)))
            {
                return false;
            }

            _bodyLength = _chunks.BodyLength;
            return RejectSurplus(behindHead - _chunks.Consumed);
        }

        return behindHead >= _bodyLength && RejectSurplus(behindHead - _bodyLength);
    }

    /// <summary>Says what is missing when the connection ends before the response does.</summary>
    public BadResponseException Truncated() => _received == 0
        ? new BadResponseException("the server closed the connection without an answer")
        : new BadResponseException(_headLength == 0
            ? "the server closed the connection within the response head"
            : $"the server closed the connection within the response body, {_received - _headLength} bytes after its head");

    /// <summary>All header fields in their order; only for the first answer, the hot path never calls it.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers()
    {
        var lines = Encoding.Latin1.GetString(_buffer, 0, _headLength - 4).Split("\r\n");
        return [.. lines.Skip(1).Select(SplitField)];
    }

    private static KeyValuePair<string, string> SplitField(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0
            ? throw new BadResponseException($"the response has a header line without a name: '{line}'")
            : new KeyValuePair<string, string>(line[..colon], line[(colon + 1)..].Trim());
    }

    private static bool RejectSurplus(int surplus) => surplus == 0
        ? true
        : throw new BadResponseException($"the server sent {surplus} bytes more than its response has");

    private void ReadHead()
    {
        var head = _buffer.AsSpan(0, _headLength - 2);
        if (head.Length < 13 || !head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head.Slice(9, 3), out int status, out var digits) || digits != 3)
        {
            throw new BadResponseException("the response does not begin with an HTTP/1.1 status line");
        }

        StatusCode = status;
        KeepAlive = true;
        var length = -1;
        var rest = head[(head.IndexOf("\r\n"u8) + 2)..];
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf("\r\n"u8);
            ReadField(rest[..end], ref length);
            rest = rest[(end + 2)..];
        }

        if (_chunked)
        {
            _chunks = default;
            return;
        }

        if (status is 204 or 304)
        {
            length = 0;
        }

        _bodyLength = length >= 0
            ? length
            : throw new BadResponseException($"the response (status {status}) has neither Content-Length nor Transfer-Encoding: chunked, so its end cannot be known");
    }

    private void ReadField(ReadOnlySpan<byte> line, ref int length)
    {
        var colon = line.IndexOf((byte)':');
        if (colon < 0)
        {
            throw new BadResponseException("the response has a header line without a name");
        }

        var name = line[..colon];
        var value = line[(colon + 1)..].Trim((byte)' ');
        if (Ascii.EqualsIgnoreCase(name, "content-length"u8))
        {
            if (!Utf8Parser.TryParse(value, out length, out var used) || used != value.Length || length < 0 || length > MaxResponseBytes)
            {
                throw new BadResponseException($"the response has the Content-Length '{Encoding.Latin1.GetString(value)}'");
            }
        }
        else if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
        {
            _chunked = Ascii.EqualsIgnoreCase(value, "chunked"u8)
                ? true
                : throw new BadResponseException($"the response has the Transfer-Encoding '{Encoding.Latin1.GetString(value)}'; only chunked is understood");
        }
        else if (Ascii.EqualsIgnoreCase(name, "connection"u8))
        {
            KeepAlive = !Ascii.EqualsIgnoreCase(value, "close"u8);
        }
    }
}

using System.Buffers.Text;

namespace InferenceServer.Bench.Http;

/// <summary>
/// Joins the chunks of a body in place: chunk data moves to the front of the buffer. Keeps its position between calls, so that a
/// body which arrives in many reads is decoded once.
/// </summary>
internal struct ChunkedBodyDecoder
{
    private const int MaxLineBytes = 256;

    private int _chunkLeft;
    private bool _afterData;
    private bool _last;

    /// <summary>Raw bytes read so far.</summary>
    public int Consumed { get; private set; }

    /// <summary>Decoded bytes at the front of the buffer so far.</summary>
    public int BodyLength { get; private set; }

    /// <summary>Goes on where the last call stopped.</summary>
    /// <param name="raw">Everything received behind the head, the decoded part in front included.</param>
    /// <returns>True when the last chunk and the trailer are complete.</returns>
    public bool Decode(Span<byte> raw)
    {
        while (true)
        {
            if (_chunkLeft > 0)
            {
                var take = Math.Min(_chunkLeft, raw.Length - Consumed);
                raw.Slice(Consumed, take).CopyTo(raw[BodyLength..]);
                Consumed += take;
                BodyLength += take;
                _chunkLeft -= take;
                if (_chunkLeft > 0)
                {
                    return false;
                }

                _afterData = true;
            }

            var rest = raw[Consumed..];
            var end = rest.IndexOf("\r\n"u8);
            if (end < 0)
            {
                return rest.Length <= MaxLineBytes ? false : throw new BadResponseException($"a chunk line of the response is longer than {MaxLineBytes} bytes");
            }

            Consumed += end + 2;
            if (ReadLine(rest[..end]))
            {
                return true;
            }
        }
    }

    private bool ReadLine(ReadOnlySpan<byte> line)
    {
        if (_afterData)
        {
            _afterData = line.IsEmpty ? false : throw new BadResponseException("a chunk of the response is longer than its stated size");
            return false;
        }

        if (_last)
        {
            // Trailer fields are skipped; an empty line ends them.
            return line.IsEmpty;
        }

        var extension = line.IndexOf((byte)';');
        var size = extension < 0 ? line : line[..extension];
        if (!Utf8Parser.TryParse(size, out _chunkLeft, out var used, 'x') || used != size.Length || _chunkLeft < 0)
        {
            throw new BadResponseException("a chunk of the response has no valid size");
        }

        _last = _chunkLeft == 0;
        return false;
    }
}

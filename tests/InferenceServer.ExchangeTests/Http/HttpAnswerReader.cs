using System.Globalization;
using System.Text;

namespace InferenceServer.ExchangeTests.Http;

/// <summary>Reads one answer of HTTP/1.1 from a connection.</summary>
internal sealed class HttpAnswerReader(Stream stream)
{
    private readonly byte[] _buffer = new byte[16384];
    private int _start;
    private int _end;

    /// <exception cref="InvalidDataException">It is no answer.</exception>
    /// <exception cref="IOException">The connection broke off.</exception>
    public async Task<HttpAnswer> ReadAsync(string method, CancellationToken cancellation)
    {
        int status;
        Dictionary<string, string> headers;
        do
        {
            var line = await ReadLineAsync(cancellation);
            if (!line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) || line.Length < 12)
            {
                throw new InvalidDataException($"no status line: {line}");
            }

            status = int.Parse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
            headers = await ReadHeadersAsync(cancellation);
        }
        while (status is >= 100 and < 200);

        return new HttpAnswer(status, headers, method == "HEAD" || status is 204 or 304 ? [] : await ReadBodyAsync(headers, cancellation));
    }

    private async Task<Dictionary<string, string>> ReadHeadersAsync(CancellationToken cancellation)
    {
        var headers = new Dictionary<string, string>();
        while (await ReadLineAsync(cancellation) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                throw new InvalidDataException($"no header: {line}");
            }

            headers[line[..colon].ToLowerInvariant()] = line[(colon + 1)..].Trim();
        }

        return headers;
    }

    private async Task<byte[]> ReadBodyAsync(Dictionary<string, string> headers, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        if (headers.GetValueOrDefault("transfer-encoding") == "chunked")
        {
            while (true)
            {
                var size = int.Parse((await ReadLineAsync(cancellation)).Split(';')[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                await CopyAsync(size, body, cancellation);
                await ReadLineAsync(cancellation);
                if (size == 0)
                {
                    return body.ToArray();
                }
            }
        }

        if (headers.TryGetValue("content-length", out var length))
        {
            await CopyAsync(long.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture), body, cancellation);
        }
        else
        {
            while (await FillAsync(cancellation))
            {
                body.Write(_buffer, _start, _end - _start);
                _start = _end;
            }
        }

        return body.ToArray();
    }

    private async Task CopyAsync(long count, MemoryStream to, CancellationToken cancellation)
    {
        while (count > 0)
        {
            await NeedAsync(cancellation);
            var some = (int)Math.Min(count, _end - _start);
            to.Write(_buffer, _start, some);
            _start += some;
            count -= some;
        }
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellation)
    {
        var line = new StringBuilder();
        while (true)
        {
            await NeedAsync(cancellation);
            var character = (char)_buffer[_start++];
            if (character == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append(character);
        }
    }

    private async Task NeedAsync(CancellationToken cancellation)
    {
        if (_start == _end && !await FillAsync(cancellation))
        {
            throw new EndOfStreamException("the connection was closed");
        }
    }

    private async Task<bool> FillAsync(CancellationToken cancellation)
    {
        _start = 0;
        _end = await stream.ReadAsync(_buffer, cancellation);
        return _end > 0;
    }
}

using System.Globalization;
using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Http;

/// <summary>Sends one recorded request over a connection of its own, its path and headers byte by byte as they are, and reads the answer.</summary>
internal static class HttpExchange
{
    /// <param name="address">Host and port.</param>
    /// <param name="request">The recorded request.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The answer; one with the status 0 when none came.</returns>
    public static async Task<HttpAnswer> SendAsync(string address, JsonObject request, CancellationToken cancellation)
    {
        try
        {
            var parts = address.Split(':');
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture), cancellation);
            await using var stream = client.GetStream();
            try
            {
                await stream.WriteAsync(Bytes(address, request), cancellation);
            }
            catch (IOException)
            {
                // A server may answer and close before it has read all.
            }

            var answer = await new HttpAnswerReader(stream).ReadAsync(request.Text("method")!, cancellation);
            return answer with { Body = Decompress(answer.Body, answer.Headers.GetValueOrDefault("content-encoding", "")) };
        }
        catch (Exception exception) when (exception is IOException or SocketException or InvalidDataException or FormatException)
        {
            return new HttpAnswer(0, new Dictionary<string, string>(), Encoding.UTF8.GetBytes($"no answer: {exception.Message}"));
        }
    }

    private static byte[] Bytes(string address, JsonObject request)
    {
        var method = request.Text("method")!;
        var headers = request.Object("headers") ?? [];
        var body = ExchangeBody.Of(request);
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{method} {request.Text("path")} HTTP/1.1\r\nHost: {address}\r\n");
        foreach (var (name, value) in headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        using var bytes = new MemoryStream();
        if (request["chunks"] is List<object?> chunks)
        {
            bytes.Write(Encoding.Latin1.GetBytes(head.Append("Transfer-Encoding: chunked\r\n\r\n").ToString()));
            foreach (var chunk in chunks.Cast<string>().Select(Encoding.UTF8.GetBytes))
            {
                bytes.Write(Encoding.Latin1.GetBytes(chunk.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
                bytes.Write(chunk);
                bytes.Write("\r\n"u8);
            }

            bytes.Write("0\r\n\r\n"u8);
            return bytes.ToArray();
        }

        if (!headers.Any(static header => header.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)) && (body.Length > 0 || method is "POST" or "PUT"))
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        }

        bytes.Write(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()));
        bytes.Write(body);
        return bytes.ToArray();
    }

    private static byte[] Decompress(byte[] body, string coding)
    {
        if (coding is not ("gzip" or "deflate"))
        {
            return body;
        }

        using var compressed = new MemoryStream(body);
        using Stream stream = coding == "gzip" ? new GZipStream(compressed, CompressionMode.Decompress) : new ZLibStream(compressed, CompressionMode.Decompress);
        using var plain = new MemoryStream();
        stream.CopyTo(plain);
        return plain.ToArray();
    }
}

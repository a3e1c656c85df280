using System.Globalization;
using System.Net;
using System.Text;

namespace InferenceServer.LoadGenerator.Requests;

/// <summary>Writes whole HTTP/1.1 requests as bytes, once, so that sending one costs a single system call.</summary>
internal static class HttpRequestBuilder
{
    public static byte[] Get(IPEndPoint server, string path) =>
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {server}\r\n\r\n");

    public static byte[] Post(IPEndPoint server, string path, string contentType, int? jsonLength, ReadOnlySpan<byte> body)
    {
        var head = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"POST {path} HTTP/1.1\r\nHost: {server}\r\nContent-Type: {contentType}\r\n");
        if (jsonLength is { } length)
        {
            head.Append(CultureInfo.InvariantCulture, $"Inference-Header-Content-Length: {length}\r\n");
        }

        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head.ToString()), .. body];
    }
}

using System.Globalization;
using System.Text;
using InferenceServer.Bench.Addresses;

namespace InferenceServer.Bench.Requests;

/// <summary>Writes whole HTTP/1.1 requests as bytes, once, so that sending one costs a single system call.</summary>
internal static class HttpRequestBuilder
{
    public static byte[] Get(ServerAddress server, string path, IReadOnlyList<KeyValuePair<string, string>> headers) =>
        Encoding.Latin1.GetBytes(Head("GET", server, path, headers).Append("\r\n").ToString());

    public static byte[] Post(ServerAddress server, string path, IReadOnlyList<KeyValuePair<string, string>> headers, string contentType, int? jsonLength, ReadOnlySpan<byte> body)
    {
        var head = Head("POST", server, path, headers).Append(CultureInfo.InvariantCulture, $"Content-Type: {contentType}\r\n");
        if (jsonLength is { } length)
        {
            head.Append(CultureInfo.InvariantCulture, $"Inference-Header-Content-Length: {length}\r\n");
        }

        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n");
        return [.. Encoding.Latin1.GetBytes(head.ToString()), .. body];
    }

    private static StringBuilder Head(string method, ServerAddress server, string path, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{method} {path} HTTP/1.1\r\nHost: {server.Authority}\r\n");
        foreach (var (name, value) in headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        return head;
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace InferenceServer.Microbenchmarks.Servers;

/// <summary>One connection of HTTP/1.1 on which the same request is sent again and again: a client that costs next to nothing.</summary>
internal sealed class HttpExchange : IDisposable
{
    private static readonly byte[] s_end = "\r\n\r\n"u8.ToArray();
    private static readonly byte[] s_length = "Content-Length: "u8.ToArray();

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly byte[] _answer = new byte[64 << 10];

    /// <param name="server">Where to.</param>
    /// <param name="path">The path.</param>
    /// <param name="body">The body.</param>
    /// <param name="fields">Fields of its head, each with the end of its line.</param>
    public HttpExchange(IPEndPoint server, string path, byte[] body, string fields = "")
    {
        _request = [.. Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {server}\r\nContent-Length: {body.Length}\r\n{fields}\r\n"), .. body];
        _socket.Connect(server);
    }

    /// <summary>Sends the request and reads the whole answer.</summary>
    /// <exception cref="InvalidOperationException">It is not 200, or not one that can be read here.</exception>
    public ReadOnlySpan<byte> Exchange()
    {
        _socket.Send(_request);
        var (read, whole) = (0, int.MaxValue);
        while (read < whole)
        {
            var more = _socket.Receive(_answer.AsSpan(read));
            read = more > 0 ? read + more : throw new InvalidOperationException("the server has closed the connection");
            whole = whole == int.MaxValue ? LengthOf(_answer.AsSpan(0, read)) : whole;
        }

        return _answer.AsSpan(0, whole);
    }

    public void Dispose() => _socket.Dispose();

    private static int LengthOf(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf(s_end);
        if (head < 0)
        {
            return int.MaxValue;
        }

        var field = answer.IndexOf(s_length);
        if (!answer.StartsWith("HTTP/1.1 200"u8) || field < 0 || !System.Buffers.Text.Utf8Parser.TryParse(answer[(field + s_length.Length)..], out int length, out _))
        {
            throw new InvalidOperationException(Encoding.ASCII.GetString(answer));
        }

        return head + s_end.Length + length;
    }
}

using System.Net;
using System.Net.Sockets;

namespace InferenceServer.LoadGenerator.Http;

/// <summary>
/// One keep-alive connection with blocking calls. A blocking send and receive are one system call each, without a completion queue or
/// a thread pool between, which is the least a client can cost the machine it shares with the server.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly IPEndPoint _server;
    private readonly TimeSpan _timeout;

    private HttpConnection(Socket socket, IPEndPoint server, TimeSpan timeout)
    {
        _socket = socket;
        _server = server;
        _timeout = timeout;
    }

    /// <summary>The response to the last <see cref="Exchange"/>.</summary>
    public HttpResponseParser Response { get; } = new();

    /// <param name="server">A loopback address.</param>
    /// <param name="timeout">The longest wait for the next byte in either direction.</param>
    public static HttpConnection Open(IPEndPoint server, TimeSpan timeout)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            SendTimeout = (int)timeout.TotalMilliseconds,
            ReceiveTimeout = (int)timeout.TotalMilliseconds,
        };
        try
        {
            socket.Connect(server);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new HttpConnection(socket, server, timeout);
    }

    /// <summary>Sends a whole request and reads the whole answer.</summary>
    public void Exchange(ReadOnlySpan<byte> request)
    {
        Response.Reset();
        try
        {
            while (!request.IsEmpty)
            {
                request = request[_socket.Send(request)..];
            }

            int received;
            do
            {
                received = _socket.Receive(Response.Writable);
                if (received == 0)
                {
                    throw Response.Truncated();
                }
            }
            while (!Response.Advance(received));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            throw new BadResponseException($"no answer from {_server} within {_timeout.TotalSeconds:0.###} s");
        }
    }

    public void Dispose() => _socket.Dispose();
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Failures;

namespace InferenceServer.Bench.Http;

/// <summary>
/// One keep-alive connection with blocking calls. A blocking send and receive are one system call each, without a completion queue or
/// a thread pool between, which is the least a client can cost the machine it shares with the server.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly SslStream? _tls;
    private readonly ServerAddress _server;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;

    private HttpConnection(Socket socket, SslStream? tls, ServerAddress server, TimeSpan timeout, TimeProvider clock)
    {
        _socket = socket;
        _tls = tls;
        _server = server;
        _timeout = timeout;
        _clock = clock;
    }

    /// <summary>The response to the last request.</summary>
    public HttpResponseParser Response { get; } = new();

    /// <summary>Opens a connection; blocks until it is there.</summary>
    /// <exception cref="RequestFailedException">It is not there in time.</exception>
    /// <exception cref="SocketException">Nobody listens there, or there is no such host.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The certificate is not trusted.</exception>
    public static HttpConnection Open(ServerAddress server, ConnectionSettings settings, TimeProvider clock)
    {
        EndPoint address = IPAddress.TryParse(server.Host, out var number) ? new IPEndPoint(number, server.Port) : new DnsEndPoint(server.Host, server.Port);
        var socket = number is null ? new Socket(SocketType.Stream, ProtocolType.Tcp) : new Socket(number.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.NoDelay = true;
        socket.SendTimeout = (int)settings.Timeout.TotalMilliseconds;
        socket.ReceiveTimeout = (int)settings.Timeout.TotalMilliseconds;

        // A blocking connect has no time limit of its own, and any other kind of connect would leave the socket in a mode whose blocking calls are slow.
        var isLate = false;
        using var watchdog = clock.CreateTimer(
            _ =>
            {
                Volatile.Write(ref isLate, true);
                socket.Dispose();
            },
            null,
            settings.Timeout,
            Timeout.InfiniteTimeSpan);
        try
        {
            socket.Connect(address);
            return new HttpConnection(socket, server.IsTls ? Encrypt(socket, server, settings.Trust) : null, server, settings.Timeout, clock);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (Volatile.Read(ref isLate) && e is SocketException or ObjectDisposedException or IOException)
            {
                throw RequestFailedException.Timeout(server.ToString(), settings.Timeout);
            }

            throw;
        }
    }

    /// <summary>Sends a whole request and reads the whole answer.</summary>
    public void Exchange(ReadOnlySpan<byte> request)
    {
        Begin(request);
        End();
    }

    /// <summary>Sends a whole request.</summary>
    public void Begin(ReadOnlySpan<byte> request)
    {
        Response.Reset();
        try
        {
            Send(request);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            throw RequestFailedException.Timeout(_server.ToString(), _timeout);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock })
        {
            throw RequestFailedException.Timeout(_server.ToString(), _timeout);
        }
    }

    /// <summary>Reads the whole answer to what has been sent.</summary>
    public void End()
    {
        var begun = _clock.GetTimestamp();
        try
        {
            do
            {
                var received = Receive(Response.Writable);
                if (received == 0)
                {
                    throw Response.Truncated();
                }

                if (Response.Advance(received))
                {
                    return;
                }
            }
            while (_clock.GetElapsedTime(begun) < _timeout);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            throw RequestFailedException.Timeout(_server.ToString(), _timeout);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock })
        {
            throw RequestFailedException.Timeout(_server.ToString(), _timeout);
        }

        throw RequestFailedException.Timeout(_server.ToString(), _timeout);
    }

    public void Dispose()
    {
        _tls?.Dispose();
        _socket.Dispose();
    }

    private static SslStream Encrypt(Socket socket, ServerAddress server, ServerTrust trust)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            tls.AuthenticateAsClient(trust.Options(server.Host));
            return tls;
        }
        catch
        {
            tls.Dispose();
            throw;
        }
    }

    private void Send(ReadOnlySpan<byte> request)
    {
        if (_tls is not null)
        {
            _tls.Write(request);
            return;
        }

        while (!request.IsEmpty)
        {
            request = request[_socket.Send(request)..];
        }
    }

    private int Receive(Span<byte> buffer) => _tls is not null ? _tls.Read(buffer) : _socket.Receive(buffer);
}

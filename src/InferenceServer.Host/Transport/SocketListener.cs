using System.Net;
using System.Net.Sockets;
using InferenceServer.Host.Listeners;
using Microsoft.AspNetCore.Connections;

namespace InferenceServer.Host.Transport;

/// <summary>One port: hands out its connections as they come.</summary>
internal sealed partial class SocketListener : IConnectionListener
{
    /// <summary>So many loops of sending at most, whatever the machine has.</summary>
    private const int MostLines = 16;

    // When the process or the system has no descriptor left, the next attempt would fail as fast. Whoever waits is still there.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly SocketLine[] _lines;
    private readonly WarningInterval _sinceWarning;
    private uint _next;

    /// <param name="socket">Listens, and belongs to this from now on.</param>
    /// <param name="pools">Makes the memory that is received into and sent from.</param>
    /// <param name="logger">Says when connections cannot be accepted.</param>
    /// <param name="time">The time.</param>
    public SocketListener(Socket socket, IMemoryPoolFactory<byte> pools, ILogger logger, TimeProvider time)
    {
        _socket = socket;
        _logger = logger;
        _time = time;
        _sinceWarning = new WarningInterval(time);
        EndPoint = socket.LocalEndPoint!;
        _lines = new SocketLine[Math.Min(Environment.ProcessorCount, MostLines)];
        for (var i = 0; i < _lines.Length; i++)
        {
            _lines[i] = new SocketLine(pools.Create(new MemoryPoolOptions { Owner = "kestrel" }));
        }
    }

    public EndPoint EndPoint { get; }

    /// <returns>The next connection; null when there will be none any more.</returns>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                var accepted = await _socket.AcceptAsync(cancellationToken);
                return Start(accepted);
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return null;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.NotConnected or SocketError.Shutdown)
            {
                // Who asked has gone before he was heard.
            }
            catch (SocketException exception)
            {
                Tell(exception);
                await Task.Delay(s_pause, _time, cancellationToken);
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _socket.Dispose();
        return default;
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        foreach (var line in _lines)
        {
            line.Dispose();
        }

        return default;
    }

    private SocketConnection? Start(Socket accepted)
    {
        try
        {
            // An answer is sent when it is whole; to wait for more would only delay it.
            accepted.NoDelay = true;
            var connection = new SocketConnection(accepted, _lines[_next++ % _lines.Length]);
            connection.Start();
            return connection;
        }
        catch
        {
            accepted.Dispose();
            throw;
        }
    }

    private void Tell(SocketException exception)
    {
        if (_sinceWarning.IsOver())
        {
            LogNotAccepted(EndPoint, exception.Message);
        }
    }

    [LoggerMessage(8503, LogLevel.Warning, "Connections to {EndPoint} wait, since they cannot be accepted: {Reason}")]
    private partial void LogNotAccepted(EndPoint endPoint, string reason);
}

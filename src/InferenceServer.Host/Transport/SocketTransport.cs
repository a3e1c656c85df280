using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace InferenceServer.Host.Transport;

/// <summary>
/// Listens on TCP for the web server, in place of the transport that comes with it: that one asks before each read whether there is something to read, also in the midst of a tensor, or else has each idle
/// connection hold a buffer. This one asks only where it is likely that there is nothing.
/// </summary>
internal sealed class SocketTransport(IMemoryPoolFactory<byte> pools, ILogger<SocketTransport> logger, TimeProvider time) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    // What the system has accepted and the process has not; it has a bound of its own too.
    private const int Backlog = 512;

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <exception cref="AddressInUseException">Somebody else listens there.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket? socket = null;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.Listen(Backlog);
            return new(new SocketListener(socket, pools, logger, time));
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw exception.SocketErrorCode == SocketError.AddressAlreadyInUse ? new AddressInUseException(exception.Message, exception) : exception;
        }
    }
}

using System.Net;
using System.Net.Sockets;
using InferenceServer.Host.Transport;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Host.Tests.Transport;

/// <summary>A port of the transport on loopback, without a web server.</summary>
internal sealed class ListeningTransport : IAsyncDisposable
{
    private readonly List<ConnectionContext> _connections = [];
    private readonly List<Socket> _clients = [];

    private ListeningTransport(CountingPools pools, IConnectionListener listener)
    {
        Pools = pools;
        Listener = listener;
    }

    public CountingPools Pools { get; }

    public IConnectionListener Listener { get; }

    public static async Task<ListeningTransport> StartAsync(EndPoint? at = null)
    {
        var pools = new CountingPools();
        return new ListeningTransport(pools, await Transport(pools).BindAsync(at ?? new IPEndPoint(IPAddress.Loopback, 0), TestContext.Current.CancellationToken));
    }

    public static SocketTransport Transport(CountingPools pools) => new(pools, NullLogger<SocketTransport>.Instance, TimeProvider.System);

    /// <summary>A client and what the server has of it.</summary>
    public async Task<(Socket Client, ConnectionContext Server)> ConnectAsync()
    {
        var client = new Socket(Listener.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _clients.Add(client);
        await client.ConnectAsync(Listener.EndPoint, TestContext.Current.CancellationToken);
        var server = await Listener.AcceptAsync(TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("The port is closed.");
        _connections.Add(server);
        return (client, server);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            connection.Abort(new ConnectionAbortedException("The test is over."));
            await connection.DisposeAsync().AsTask().WaitAsync(TestTimeouts.Start);
        }

        _clients.ForEach(static client => client.Dispose());
        await Listener.UnbindAsync();
        await Listener.DisposeAsync();
        Assert.Equal(0, Pools.Rented);
    }
}

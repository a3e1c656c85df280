using System.Buffers;
using System.Net;
using System.Net.Sockets;
using InferenceServer.Host.Transport;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace InferenceServer.Host.Tests.Transport;

/// <summary>What a connection does with bytes and with its end, over real sockets; after each test all its memory is back.</summary>
public sealed class SocketTransportTests
{
    public static TheoryData<int> Sizes => [1, CountingPools.BlockSize - 1, CountingPools.BlockSize, CountingPools.BlockSize + 1, 3 * CountingPools.BlockSize, 100_000, 5_000_001];

    private static CancellationToken Timeout => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Bytes_BothWays_AreThoseThatWereSent(int size)
    {
        await using var port = await ListeningTransport.StartAsync();
        var (client, server) = await port.ConnectAsync();
        var sent = new byte[size];
        new Random(size).NextBytes(sent);

        var echo = EchoAsync(server);
        var sending = SendAsync(client, sent, end: true);
        var answer = await ReceiveToEndAsync(client);
        await sending;
        await echo;

        Assert.True(sent.AsSpan().SequenceEqual(answer));
    }

    [Fact]
    public async Task Connections_ThatAreIdle_HoldNoMemory()
    {
        await using var port = await ListeningTransport.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            var (client, server) = await port.ConnectAsync();
            for (var message = 0; message < 3; message++)
            {
                await client.SendAsync(new byte[100], Timeout);
                var read = await server.Transport.Input.ReadAtLeastAsync(100, Timeout);
                await server.Transport.Output.WriteAsync(read.Buffer.ToArray(), Timeout);
                server.Transport.Input.AdvanceTo(read.Buffer.End);
                await ReceiveAsync(client, 100);
            }
        }

        // What was sent is taken from the pipe when the client has it already.
        Assert.True(SpinWait.SpinUntil(() => port.Pools.Rented == 0, TestTimeouts.Start), $"{port.Pools.Rented} blocks of 20 idle connections");
    }

    [Fact]
    public async Task Client_WhoIsAheadOfTheServer_Waits()
    {
        await using var port = await ListeningTransport.StartAsync();
        var (client, server) = await port.ConnectAsync();
        var sent = new byte[16 << 20];
        new Random(1).NextBytes(sent);
        var sending = SendAsync(client, sent, end: true);

        var received = new ArrayBufferWriter<byte>(sent.Length);
        while (true)
        {
            var read = await server.Transport.Input.ReadAsync(Timeout);
            var part = read.Buffer.Slice(0, Math.Min(10_000, read.Buffer.Length));
            received.Write(part.ToArray());
            server.Transport.Input.AdvanceTo(part.End);
            if (read.IsCompleted && part.Length == read.Buffer.Length)
            {
                break;
            }
        }

        await sending;
        Assert.True(sent.AsSpan().SequenceEqual(received.WrittenSpan));
        Assert.InRange(port.Pools.Most, 1, BlocksOf(SocketConnection.MaxUnreadBytes));
    }

    [Fact]
    public async Task Server_ThatIsAheadOfTheClient_Waits()
    {
        await using var port = await ListeningTransport.StartAsync();
        var (client, server) = await port.ConnectAsync();
        var answer = new byte[16 << 20];
        new Random(2).NextBytes(answer);
        var writing = WriteInPartsAsync(server, answer);

        var received = await ReceiveToEndAsync(client, 10_000);
        await writing;

        Assert.True(answer.AsSpan().SequenceEqual(received));
        Assert.InRange(port.Pools.Most, 1, BlocksOf(SocketConnection.MaxUnsentBytes));
    }

    [Fact]
    public async Task Client_WhoHasSentAll_GetsHisAnswer()
    {
        await using var port = await ListeningTransport.StartAsync();
        var (client, server) = await port.ConnectAsync();
        await SendAsync(client, [1, 2, 3], end: true);
        var read = await server.Transport.Input.ReadAtLeastAsync(4, Timeout);
        Assert.True(read.IsCompleted);
        server.Transport.Input.AdvanceTo(read.Buffer.End);

        await server.Transport.Output.WriteAsync(new byte[] { 4, 5 }, Timeout);

        Assert.Equal([4, 5], await ReceiveAsync(client, 2));
    }

    [Fact]
    public async Task Client_WhoGoes_IsToldOf()
    {
        await using var port = await ListeningTransport.StartAsync();
        var (client, server) = await port.ConnectAsync();
        var closed = new TaskCompletionSource();
        await using var registration = server.ConnectionClosed.UnsafeRegister(static told => ((TaskCompletionSource)told!).SetResult(), closed);

        client.Close(timeout: 0);

        await Assert.ThrowsAsync<ConnectionResetException>(async () => await server.Transport.Input.ReadAsync(Timeout));
        await closed.Task.WaitAsync(TestTimeouts.Start, Timeout);
    }

    [Fact]
    public async Task Client_WhoGoesWhileHeIsSentTo_EndsTheWriting()
    {
        await using var port = await ListeningTransport.StartAsync();
        var (client, server) = await port.ConnectAsync();
        var writing = WriteInPartsAsync(server, new byte[64 << 20]);
        await ReceiveAsync(client, 100_000);

        client.Close(timeout: 0);

        Assert.True(await writing.WaitAsync(TestTimeouts.Start, Timeout) < 64 << 20);
    }

    [Fact]
    public async Task Client_WhoHasGone_IsWrittenToWithoutFailure()
    {
        await using var port = await ListeningTransport.StartAsync();
        var (client, server) = await port.ConnectAsync();
        client.Close(timeout: 0);
        await Assert.ThrowsAsync<ConnectionResetException>(async () => await server.Transport.Input.ReadAsync(Timeout));

        // The first of them finds out.
        while (!(await server.Transport.Output.WriteAsync(new byte[1], Timeout)).IsCompleted)
        {
        }
    }

    [Fact]
    public async Task Connection_ThatIsAborted_IsWrittenToWithoutFailure()
    {
        await using var port = await ListeningTransport.StartAsync();
        var (_, server) = await port.ConnectAsync();
        server.Abort(new ConnectionAbortedException("no more"));

        while (!(await server.Transport.Output.WriteAsync(new byte[1], Timeout)).IsCompleted)
        {
        }
    }

    [Fact]
    public async Task Connection_WhoseEndIsToldToSomebodyWhoFails_EndsAllTheSame()
    {
        await using var listener = await ListeningTransport.Transport(new CountingPools()).BindAsync(new IPEndPoint(IPAddress.Loopback, 0), Timeout);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.EndPoint, Timeout);
        var server = await listener.AcceptAsync(Timeout);
        await using var registration = server!.ConnectionClosed.UnsafeRegister(static _ => throw new InvalidOperationException("not now"), null);

        client.Close();

        var failure = await Assert.ThrowsAsync<AggregateException>(async () => await server.DisposeAsync().AsTask().WaitAsync(TestTimeouts.Start, Timeout));
        Assert.IsType<InvalidOperationException>(failure.InnerException);
    }

    [Fact]
    public async Task Connection_ThatIsAborted_IsReset()
    {
        await using var port = await ListeningTransport.StartAsync();
        var (client, server) = await port.ConnectAsync();

        server.Abort(new ConnectionAbortedException("no more"));

        var exception = await Assert.ThrowsAsync<SocketException>(async () => await client.ReceiveAsync(new byte[1], Timeout));
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        Assert.Equal("no more", (await Assert.ThrowsAsync<ConnectionAbortedException>(async () => await server.Transport.Input.ReadAsync(Timeout))).Message);
    }

    [Fact]
    public async Task Connection_HasWhatTheWebServerAsksFor()
    {
        await using var port = await ListeningTransport.StartAsync();
        var (client, server) = await port.ConnectAsync();
        var (_, other) = await port.ConnectAsync();

        Assert.Equal((client.LocalEndPoint, client.RemoteEndPoint), (server.RemoteEndPoint, server.LocalEndPoint));
        Assert.Equal(13, server.ConnectionId.Length);
        Assert.NotEqual(server.ConnectionId, other.ConnectionId);
        Assert.NotNull(server.Features[typeof(Microsoft.AspNetCore.Connections.Features.IMemoryPoolFeature)]);
    }

    [Fact]
    public async Task Port_ThatIsTaken_IsSaidSo()
    {
        await using var port = await ListeningTransport.StartAsync();

        await Assert.ThrowsAsync<AddressInUseException>(async () => await ListeningTransport.Transport(port.Pools).BindAsync(port.Listener.EndPoint, Timeout));
    }

    [Fact]
    public async Task Port_OfEveryAddress_TakesBothVersions()
    {
        await using var port = await ListeningTransport.StartAsync(new IPEndPoint(IPAddress.IPv6Any, 0));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)port.Listener.EndPoint).Port), Timeout);

        await using var server = await port.Listener.AcceptAsync(Timeout);
        Assert.NotNull(server);
        server.Abort();
    }

    [Fact]
    public async Task Port_ThatIsClosed_HasNoMoreConnections()
    {
        await using var port = await ListeningTransport.StartAsync();
        var accepting = port.Listener.AcceptAsync(Timeout);

        await port.Listener.UnbindAsync(Timeout);

        Assert.Null(await accepting);
    }

    [Fact]
    public void Transport_IsForTcp() =>
        Assert.Equal((true, false), (ListeningTransport.Transport(new CountingPools()).CanBind(new IPEndPoint(IPAddress.Loopback, 1)), ListeningTransport.Transport(new CountingPools()).CanBind(new UnixDomainSocketEndPoint("/tmp/none"))));

    private static int BlocksOf(long bytes) => (int)(bytes / CountingPools.BlockSize) + 20;

    private static async Task EchoAsync(ConnectionContext server)
    {
        while (true)
        {
            var read = await server.Transport.Input.ReadAsync(Timeout);
            foreach (var part in read.Buffer)
            {
                await server.Transport.Output.WriteAsync(part, Timeout);
            }

            server.Transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                await server.Transport.Output.CompleteAsync();
                return;
            }
        }
    }

    private static async Task<int> WriteInPartsAsync(ConnectionContext server, byte[] bytes)
    {
        const int Part = 50_000;
        for (var at = 0; at < bytes.Length; at += Part)
        {
            var flushed = await server.Transport.Output.WriteAsync(bytes.AsMemory(at, Math.Min(Part, bytes.Length - at)), Timeout);
            if (flushed.IsCompleted)
            {
                return at;
            }
        }

        await server.Transport.Output.CompleteAsync();
        return bytes.Length;
    }

    private static async Task SendAsync(Socket client, byte[] bytes, bool end)
    {
        await client.SendAsync(bytes, Timeout);
        if (end)
        {
            client.Shutdown(SocketShutdown.Send);
        }
    }

    private static async Task<byte[]> ReceiveAsync(Socket client, int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var more = await client.ReceiveAsync(bytes.AsMemory(at), Timeout);
            Assert.NotEqual(0, more);
            at += more;
        }

        return bytes;
    }

    private static async Task<byte[]> ReceiveToEndAsync(Socket client, int part = 1 << 16)
    {
        var all = new ArrayBufferWriter<byte>();
        while (await client.ReceiveAsync(all.GetMemory(part)[..part], Timeout) is > 0 and var count)
        {
            all.Advance(count);
        }

        return all.WrittenSpan.ToArray();
    }
}

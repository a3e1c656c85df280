using System.Buffers.Binary;
using InferenceServer.Core.Hosting;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.Connections;

/// <summary>What the options of gRPC's transport do, seen from the other end of a connection of HTTP/2.</summary>
public sealed class RpcConnectionTests
{
    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte GoAway = 7;

    [Fact]
    public async Task KeepAlive_SilentClient_IsPingedAndThenCut()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--grpc-keepalive-time=1000", "--grpc-keepalive-timeout=1000"]);
        using var connection = await OpenAsync(server);
        await ReadUntilAsync(connection, Ping);

        // The ping is not answered, and no call is open: the connection is cut all the same.
        while (!await connection.IsAtEndAsync())
        {
        }
    }

    [Fact]
    public async Task MaxConnectionAge_OldConnection_IsAskedToGo()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--grpc-max-connection-age=1", "--grpc-max-connection-age-grace=60000"]);
        using var connection = await OpenAsync(server);
        await ReadUntilAsync(connection, GoAway);
    }

    [Fact]
    public async Task MaxResponsePoolSize_IsTheBoundOfUnreadResponses()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--grpc-max-response-pool-size=3"]);
        Assert.Equal(3, server.Get<CoreOptions>().Scheduler.MaxUnreadResponses);
    }

    private static async Task<RawConnection> OpenAsync(RunningServer server)
    {
        var connection = await RawConnection.OpenAsync(new Uri("http://" + server.Channel.Target));

        // RFC 9113, section 3.4: the preface, and settings of which none is set.
        await connection.WriteAsync([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, Settings, 0, 0, 0, 0, 0]);
        return connection;
    }

    private static async Task ReadUntilAsync(RawConnection connection, byte type)
    {
        byte[] head;
        do
        {
            // Section 4.1: the length in three bytes, the type, flags, the stream.
            head = await connection.ReadExactlyAsync(9);
            await connection.ReadExactlyAsync(BinaryPrimitives.ReadInt32BigEndian([0, .. head[..3]]));
        }
        while (head[3] != type);
    }
}

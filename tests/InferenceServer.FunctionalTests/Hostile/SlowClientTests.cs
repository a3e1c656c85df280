using InferenceServer.FunctionalTests.Connections;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Clients that hold connections by doing next to nothing. They are let go, each by the limit that is meant for it, and take nothing from others.</summary>
public sealed class SlowClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SlowClients_AreCutOff_AndOthersServed()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository);
        var address = server.Http.BaseAddress!;
        var rpc = new Uri("http://" + server.RpcAddress);
        Task[] slow =
        [
            // Headers that never end, and bodies of which one byte comes in a second.
            .. Enumerable.Range(0, 50).Select(_ => DripAsync(address, "POST /v2/models/add_sub/infer HTTP/1.1\r\n", "X: y\r\n")),
            .. Enumerable.Range(0, 50).Select(_ => DripAsync(address, "POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", "{")),
            .. Enumerable.Range(0, 50).Select(_ => DripAsync(address, "POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n")),
            .. Enumerable.Range(0, 20).Select(_ => DripAsync(address, "POST /v2/repository/index HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", " ")),
            .. Enumerable.Range(0, 20).Select(_ => DripAsync(rpc, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "")),
        ];
        while (!Task.WhenAll(slow).IsCompleted)
        {
            var (status, body) = await server.PostAsync("/v2/models/add_sub/infer", BesiegedServer.Good);
            Assert.True(status == System.Net.HttpStatusCode.OK, body);
            await Task.WhenAny(Task.WhenAll(slow), Task.Delay(200, Token));
        }

        await Task.WhenAll(slow);
    }

    /// <summary>Writes a little each second, until the other side has had enough.</summary>
    private static async Task DripAsync(Uri address, string begin, string drop)
    {
        using var connection = await RawConnection.OpenAsync(address);
        await connection.WriteAsync(begin);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
        over.CancelAfter(TimeSpan.FromMinutes(3));
        var ended = EndAsync(connection, over.Token);
        while (!ended.IsCompleted)
        {
            await Task.WhenAny(ended, Task.Delay(1000, over.Token));
            try
            {
                await connection.WriteAsync(drop);
            }
            catch (IOException)
            {
                break;
            }
        }

        await ended;
    }

    private static async Task EndAsync(RawConnection connection, CancellationToken token)
    {
        var buffer = new byte[4096];
        try
        {
            while (await connection.Stream.ReadAsync(buffer, token) > 0)
            {
                // What it is told before the end.
            }
        }
        catch (IOException)
        {
            // Cut instead of closed.
        }
    }
}

using System.Net.Sockets;
using System.Text;
using InferenceServer.FunctionalTests.Connections;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>More connections and headers than anybody needs.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed class ConnectionFloodTests(BesiegedServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TenThousandIdleConnections_LeaveRoomForOthers()
    {
        // Both ends have a descriptor, but not in the same process.
        var count = Math.Min(10_000, (int)(Descriptors() / 2));
        var connections = new List<RawConnection>(count);
        var before = await server.ConnectionsAsync();
        try
        {
            for (var i = 0; i < count; i++)
            {
                connections.Add(await RawConnection.OpenAsync(i % 2 == 0 ? server.HttpAddress : server.RpcAddress));
                if (i % 4 == 0)
                {
                    await connections[^1].WriteAsync("POST /v2/models/add_sub/infer HTTP/1.1\r\n");
                }
            }

            var (status, body) = await server.PostAsync("/v2/models/add_sub/infer", BesiegedServer.Good);
            Assert.True(status == 200, body);

            // The system has them all; the server takes them one after another, on each port by itself.
            var open = 0.0;
            await BesiegedServer.UntilAsync("the connections to be taken", async () => (open = BesiegedServer.Sum(await server.ScrapeAsync(), "inference_server_connections")) >= count, () => $"{open} of {count}");
        }
        finally
        {
            connections.ForEach(static connection => connection.Dispose());
        }

        await server.StandsWithItsConnectionsAsync(before);
    }

    [Fact]
    public async Task Headers_TooManyOrTooLong_AreRefusedAndTheConnectionEnds()
    {
        foreach (var headers in new[]
        {
            $"X: {new string('x', 100_000)}\r\n",
            string.Concat(Enumerable.Range(0, 10_000).Select(static i => $"X{i}: {i}\r\n")),
            string.Concat(Enumerable.Repeat("X: y\r\n", 10_000)),
            new string('x', 100_000),
            $"{new string('n', 100_000)}: x\r\n",
        })
        {
            for (var i = 0; i < 20; i++)
            {
                using var connection = await RawConnection.OpenAsync(server.HttpAddress);
                await WriteAsync(connection, $"POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
                await EndsAsync(connection);
            }
        }

        await server.StandsWithItsMemoryAsync();
    }

    [Fact]
    public async Task Connections_BeyondTheLimit_AreClosedAsTheyCome_AndTheMetricsStayToBeSeen()
    {
        await using var small = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--max-connections=20"]);
        var connections = new List<RawConnection>();
        try
        {
            var refused = 0;
            for (var i = 0; i < 60; i++)
            {
                try
                {
                    connections.Add(await RawConnection.OpenAsync(i % 2 == 0 ? small.Http.BaseAddress! : new Uri("http://" + small.RpcAddress)));
                }
                catch (SocketException)
                {
                    // Closed before it was told that it is open.
                    refused++;
                    continue;
                }

                if (i % 2 == 0)
                {
                    await WriteAsync(connections[^1], "GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n");
                    refused += await connections[^1].IsAtEndAsync() ? 1 : 0;
                }
            }

            Assert.True(refused is >= 15 and <= 40, $"{refused} refused");
            using var metrics = new HttpClient();
            var scraped = await metrics.GetStringAsync(new Uri(small.MetricsAddress), Token);
            using var live = await metrics.GetAsync(new Uri(new Uri(small.MetricsAddress), "/v2/health/live"), Token);
            Assert.True(live.IsSuccessStatusCode);
            Assert.Contains("inference_server_connections_max 20\n", scraped, StringComparison.Ordinal);
            Assert.Contains("inference_server_connections{port=\"metrics\"} 1\n", scraped, StringComparison.Ordinal);
            Assert.True(BesiegedServer.Sum(scraped, "inference_server_connections_refused_total") >= refused);
            Assert.Single(small.Log.Events, static one => one.MessageTemplate.Text.Contains("closed as soon as it came", StringComparison.Ordinal));
        }
        finally
        {
            connections.ForEach(static connection => connection.Dispose());
        }

        // Whoever comes once they have gone is served.
        var status = 0;
        for (var i = 0; i < 600 && status != 200; i++)
        {
            try
            {
                using var answer = await small.Http.GetAsync("/v2/health/live", Token);
                status = (int)answer.StatusCode;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50, Token);
            }
        }

        Assert.Equal(200, status);
    }

    private static long Descriptors()
    {
        var line = File.ReadLines("/proc/self/limits").First(static line => line.StartsWith("Max open files", StringComparison.Ordinal));
        return long.TryParse(line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], out var count) ? count : long.MaxValue;
    }

    private static async Task WriteAsync(RawConnection connection, string text)
    {
        try
        {
            await connection.WriteAsync(Encoding.ASCII.GetBytes(text));
        }
        catch (IOException)
        {
            // It was refused before it was written.
        }
    }

    /// <summary>Reads what there is until the other side ends the connection; none of it is a success.</summary>
    private async Task EndsAsync(RawConnection connection)
    {
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await connection.Stream.ReadAsync(buffer, Token).AsTask().WaitAsync(TestTimeouts.Phase, Token)) > 0)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // Cut instead of closed.
        }

        server.TellsNothing(answer.ToString());
        Assert.DoesNotContain("HTTP/1.1 2", answer.ToString(), StringComparison.Ordinal);
    }
}

using System.Net;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Scheduling;

/// <summary>Clients that hang up while their requests wait: nothing is run for them, and they are counted.</summary>
public sealed class AbandonedRequestsTests
{
    private const int Waiting = 50;

    private const string Question = """{"inputs":[{"name":"X","datatype":"INT32","shape":[1,1],"data":[7]}]}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task FiftyThatWait_WhoseClientsHangUp_AreNotRun(string protocol)
    {
        using var folder = new TemporaryDirectory();
        folder.Write("slow/config.pbtxt", """
            backend: "identity"
            max_batch_size: 1
            input { name: "X" data_type: TYPE_INT32 dims: 1 }
            output { name: "Y" data_type: TYPE_INT32 dims: 1 }
            instance_group { count: 1 }
            parameters { key: "auto_warmup" value { string_value: "false" } }
            parameters { key: "execute_delay_ms" value { string_value: "3000" } }
            """);
        Directory.CreateDirectory(Path.Combine(folder.FullPath, "slow", "1"));
        await using var server = await RunningServer.StartAsync(folder.FullPath);

        // One runs, the others wait. On a machine that takes its time some are answered before all have come; then more come.
        var clients = new List<LeavingClient>();
        var before = await ModelCounts.WaitForAsync(server, "slow", $"{Waiting} requests that wait", static counts => counts.Pending == 0);
        var patience = DateTime.UtcNow + TestTimeouts.Phase;
        while (before.Pending < Waiting)
        {
            Assert.True(DateTime.UtcNow < patience, $"{Waiting} requests never waited at once; last seen {before}");
            while (clients.Count - before.Successes < Waiting + 1)
            {
                clients.Add(await AskAsync());
            }

            await Task.Delay(10, Token);
            before = await ModelCounts.ReadAsync(server, "slow");
        }

        await Task.WhenAll(clients.Select(static client => client.LeaveAsync()));
        var left = await ModelCounts.ReadAsync(server, "slow");
        var after = await ModelCounts.WaitForAsync(server, "slow", "an end of all requests", counts => counts.Cancelled + counts.Successes == clients.Count);

        // One that ran may have come to its end before the server knew that its client has left.
        Assert.Equal(0, after.Pending);
        Assert.InRange(after.Executions, left.Executions, left.Executions + 1);
        Assert.Equal(after.Successes, after.Executions);
        Assert.Equal(Waiting + 1, after.Cancelled + (after.Executions - before.Executions));

        var (status, body) = await server.PostAsync("/v2/models/slow/infer", Question);
        Assert.True(status == HttpStatusCode.OK, body);
        Assert.Contains("\"data\":[7]", body, StringComparison.Ordinal);
        Assert.Equal(after with { Executions = after.Executions + 1, Successes = after.Successes + 1 }, await ModelCounts.ReadAsync(server, "slow"));

        async Task<LeavingClient> AskAsync() => protocol == "http"
            ? await LeavingClient.OverSocketAsync(server, "/v2/models/slow/infer", Question)
            : LeavingClient.OverRpc(server, new ModelInferRequest
            {
                ModelName = "slow",
                Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "INT32", Shape = { 1, 1 }, Contents = new InferTensorContents { IntContents = { 7 } } } },
            });
    }

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task FiftyStreamsThatWait_WhoseClientsHangUp_AreNotRun(string protocol)
    {
        await using var test = await StreamTest.StartAsync();
        var server = test.Server;

        // The first response is there, so this one runs, and does so for a minute unless its client leaves as well.
        using var first = test.Open();
        await first.RequestStream.WriteAsync(StreamTest.Repeat("runs", [1, 2], [0, 60_000]), Token);
        Assert.True(await first.ResponseStream.MoveNext(Token));
        var clients = new List<LeavingClient>();
        for (var i = 0; i < Waiting; i++)
        {
            clients.Add(protocol == "http"
                ? await LeavingClient.OverSocketAsync(server, "/v2/models/repeater/generate_stream", """{"IN":[3],"DELAY":[0],"WAIT":[0]}""")
                : await LeavingClient.OverStreamAsync(server, StreamTest.Repeat($"{i}", [3])));
        }

        await ModelCounts.WaitForAsync(server, "repeater", $"{Waiting} requests that wait", static counts => counts.Pending == Waiting);
        await Task.WhenAll(clients.Select(static client => client.LeaveAsync()));
        Assert.Equal(new ModelCounts(0, Waiting, 0, 0), await ModelCounts.WaitForAsync(server, "repeater", "nobody to wait any more", static counts => counts.Pending == 0 && counts.Cancelled == Waiting));

        first.Dispose();
        Assert.Equal(new ModelCounts(0, Waiting + 1, 0, 0), await ModelCounts.WaitForAsync(server, "repeater", "an end of what runs", static counts => counts.Cancelled == Waiting + 1));
        using var next = test.Open();
        await next.RequestStream.WriteAsync(StreamTest.Repeat("next", [4]), Token);
        Assert.Single(await next.EndAsync());
        Assert.Equal(new ModelCounts(0, Waiting + 1, 1, 1), await ModelCounts.ReadAsync(server, "repeater"));
    }
}

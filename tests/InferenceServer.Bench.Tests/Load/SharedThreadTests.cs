using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using Xunit;

namespace InferenceServer.Bench.Tests.Load;

/// <summary>Connections that share threads.</summary>
public sealed class SharedThreadTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The server answers only when a request of each connection is there.</summary>
    [Fact]
    public async Task AllConnections_HaveARequestInFlight()
    {
        const int Connections = 5;
        var gate = new Lock();
        var waiting = new List<TaskCompletionSource<string?>>();
        await using var server = new ScriptedServer((number, _) =>
        {
            // Each is asked once, one after the other, before the load begins.
            if (number < Connections)
            {
                return Task.FromResult<string?>(ScriptedServer.Answer(200, "{}"));
            }

            var own = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (gate)
            {
                waiting.Add(own);
                if (waiting.Count == Connections)
                {
                    waiting.ForEach(static one => one.SetResult(ScriptedServer.Answer(200, "{}")));
                    waiting.Clear();
                }
            }

            return own.Task;
        });

        var result = await MeasureAsync(server, Connections, threads: 2, timeoutSeconds: 0.3);

        // The last ones have nobody left to wait for. A thread gives them up one after the other, and those that are left when the point has to end are broken off.
        Assert.True(result.Requests >= Connections, $"{result}");
        Assert.Equal(Connections, result.Connections);
        Assert.All(result.ErrorKinds, static error => Assert.True(error.Kind == RequestFailure.Timeout, $"{error}"));
    }

    [Fact]
    public async Task EveryThirdIsRefused_FailuresAreCounted()
    {
        await using var server = new ScriptedServer(static (number, _) => Task.FromResult<string?>(
            number > 3 && number % 3 == 2 ? ScriptedServer.Answer(503, "{\"error\":\"the queue is full\"}") : ScriptedServer.Answer(200, "{}")));

        var result = await MeasureAsync(server, 4, threads: 1);

        Assert.Equal("HTTP 503", Assert.Single(result.ErrorKinds).Kind);
        Assert.True(result.Requests > 0, $"{result}");
        Assert.Equal((4, 0L), (result.Connections, result.Reconnects));
    }

    [Fact]
    public async Task AnswerDiffersFromTheExpectedOne_IsAFailure()
    {
        await using var server = new ScriptedServer(static (number, _) => Task.FromResult<string?>(ScriptedServer.Answer(200, number < 5 || number % 2 == 0 ? "{}" : "[]")));

        var result = await MeasureAsync(server, 4, threads: 2, expected: "{}"u8.ToArray());

        Assert.Equal(RequestFailure.Differs, Assert.Single(result.ErrorKinds).Kind);
    }

    [Fact]
    public async Task ServerClosesBehindEachAnswer_OpensAnew()
    {
        await using var server = new ScriptedServer(static (_, _) => Task.FromResult<string?>(ScriptedServer.Answer(200, "{}", "Connection: close\r\n")));

        // What was sent over a connection that has been closed meanwhile fails; the first requests after the asking are such.
        var result = await MeasureAsync(server, 4, threads: 2);

        Assert.True(result.Requests > 0 && result.Reconnects > 0, $"{result}");
        Assert.Empty(result.ErrorKinds);
    }

    [Fact]
    public async Task ServerFallsSilent_TimesOutAndEnds()
    {
        var never = new TaskCompletionSource<string?>();
        await using var server = new ScriptedServer((number, _) => number < 7 ? Task.FromResult<string?>(ScriptedServer.Answer(200, "{}")) : never.Task);

        var result = await MeasureAsync(server, 4, threads: 2, timeoutSeconds: 0.2);

        Assert.Contains(RequestFailure.Timeout, result.ErrorKinds.Concat(result.WarmUpErrorKinds).Select(static one => one.Kind));
        never.SetResult(null);
    }

    private static Task<PointResult> MeasureAsync(ScriptedServer server, int connections, int threads, double timeoutSeconds = 5, byte[]? expected = null)
    {
        var point = new LoadPoint(
            WireEncoding.Json,
            server.Address,
            ConnectionSettings.Plain(TimeSpan.FromSeconds(timeoutSeconds)),
            LoadLevel.Closed(connections) with { Threads = threads },
            WarmUpPlan.Fixed(TimeSpan.FromMilliseconds(100)),
            TimeSpan.FromMilliseconds(300),
            RequestSet.Of("POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), expected));
        return PointRunner.RunAsync(point, Cancellation);
    }
}

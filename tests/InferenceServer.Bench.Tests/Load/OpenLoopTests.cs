using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using Xunit;

namespace InferenceServer.Bench.Tests.Load;

/// <summary>Requests of an open loop are due at their times whatever the server does.</summary>
public sealed class OpenLoopTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>
    /// The server stands still once, for 400 ms by its own clock. At 100 requests a second 40 are due meanwhile, and only one connection could send them. A client that waits for
    /// its answers would have seen one slow request; here every one that was due counts from then.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task ServerStandsStillOnce_EveryRequestThatWasDueMeanwhile_CountsFromWhenItWasDue(int maxConnections)
    {
        const int Stall = 400;
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ScriptedServer(async (number, _) =>
        {
            // Whoever comes while it stands still waits for the same end. The first request is the one before the measured time.
            if (number == 101)
            {
                await Task.Delay(Stall, Cancellation);
                released.SetResult();
            }
            else if (number > 101)
            {
                await released.Task;
            }

            return ScriptedServer.Answer(200, "{}");
        });

        var result = await MeasureAsync(server, 100, maxConnections, 2);

        // 200 are due within the measured time, and each of them is counted; the clock may start a few later than the schedule.
        Assert.Empty(result.ErrorKinds);
        Assert.InRange(result.Latency.Count, 150, 201);

        // Those due in the first 300 ms of the stall wait 100 ms or more of it: 30 by the schedule, and not one of them can be sooner.
        Assert.True(result.Latency.At(100 * (1 - (29.0 / result.Latency.Count))) >= 100, $"{result}");
        Assert.True(result.Max >= Stall * 0.95, $"{result}");
        if (maxConnections == 1)
        {
            Assert.True(result.Starved >= 30, $"{result.Starved} starved");
            Assert.True(result.IsDistorted);
            Assert.Equal(1, result.Connections);
        }
    }

    [Fact]
    public async Task ServerAnswersNothingMore_RequestsThatNobodyWasFreeFor_AreCountedAsNotSent()
    {
        var never = new TaskCompletionSource<string?>();
        await using var server = new ScriptedServer((number, _) => number == 0 ? Task.FromResult<string?>(ScriptedServer.Answer(200, "{}")) : never.Task);

        var result = await MeasureAsync(server, 100, 1, 0.5, timeoutSeconds: 0.3);

        Assert.Equal(0, result.Latency.Count);
        Assert.Contains(result.ErrorKinds, static error => error.Kind == RequestFailure.Timeout);
        var all = result.ErrorKinds.Sum(static error => error.Count);
        // Fifty are due in half a second. What fails within it although it was due before is not lost either.
        Assert.InRange(all, 40, 100);
        Assert.True(result.ErrorKinds.Single(static error => error.Kind == RequestFailure.NotSent).Count > 0);
        never.SetResult(null);
    }

    [Fact]
    public async Task AllBusy_MoreConnectionsAreOpened()
    {
        await using var server = new ScriptedServer(async (number, _) =>
        {
            await Task.Delay(number == 0 ? 0 : 100, Cancellation);
            return ScriptedServer.Answer(200, "{}");
        });

        var result = await MeasureAsync(server, 100, 64, 1);

        Assert.Empty(result.ErrorKinds);
        Assert.True(result.Connections > 4, $"{result.Connections} connections");
        Assert.False(result.IsDistorted);
    }

    private static Task<PointResult> MeasureAsync(ScriptedServer server, double rate, int maxConnections, double seconds, double timeoutSeconds = 20) => PointRunner.RunAsync(
        new LoadPoint(
            WireEncoding.Json,
            server.Address,
            ConnectionSettings.Plain(TimeSpan.FromSeconds(timeoutSeconds)),
            LoadLevel.Open(rate, isPoisson: false, 1, maxConnections, 1) with { Connections = 1 },
            WarmUpPlan.Fixed(TimeSpan.Zero),
            TimeSpan.FromSeconds(seconds),
            RequestSet.Of("POST /v2/models/m/infer HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray(), null)),
        Cancellation);
}

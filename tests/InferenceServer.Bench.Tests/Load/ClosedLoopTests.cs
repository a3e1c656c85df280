using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using Xunit;

namespace InferenceServer.Bench.Tests.Load;

public sealed class ClosedLoopTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryThirdIsRefused_FailuresAreCountedByKindAndGoodOnesAllTheSame()
    {
        await using var server = new ScriptedServer(static (number, _) => Task.FromResult<string?>(
            number % 3 == 2 ? ScriptedServer.Answer(503, "{\"error\":\"the queue is full\"}") : ScriptedServer.Answer(200, "{}")));

        var result = await MeasureAsync(server, 1);

        var error = Assert.Single(result.ErrorKinds);
        Assert.Equal("HTTP 503", error.Kind);
        Assert.Contains("the queue is full", error.FirstMessage, StringComparison.Ordinal);
        Assert.True(result.Requests > 0 && error.Count > 0, $"{result}");
        Assert.Equal(1, result.Connections);
        Assert.Equal(0, result.Reconnects);
    }

    [Fact]
    public async Task AnswerDiffersFromTheExpectedOne_IsAFailure()
    {
        await using var server = new ScriptedServer(static (number, _) => Task.FromResult<string?>(ScriptedServer.Answer(200, number % 2 == 0 ? "{}" : "[]")));

        var result = await MeasureAsync(server, 1, expected: "{}"u8.ToArray());

        Assert.Equal(RequestFailure.Differs, Assert.Single(result.ErrorKinds).Kind);
    }

    [Fact]
    public async Task ServerClosesBehindEachAnswer_IsNoFailureButTold()
    {
        await using var server = new ScriptedServer(static (_, _) => Task.FromResult<string?>(ScriptedServer.Answer(200, "{}", "Connection: close\r\n")));

        var result = await MeasureAsync(server, 1);

        Assert.Empty(result.ErrorKinds);
        Assert.True(result.Requests > 0 && result.Reconnects > 0, $"{result}");
    }

    [Fact]
    public async Task ServerFallsSilent_TimesOutAndEnds()
    {
        var never = new TaskCompletionSource<string?>();
        await using var server = new ScriptedServer((number, _) => number < 3 ? Task.FromResult<string?>(ScriptedServer.Answer(200, "{}")) : never.Task);

        var result = await MeasureAsync(server, 2, timeoutSeconds: 0.2);

        Assert.Equal(RequestFailure.Timeout, Assert.Single(result.ErrorKinds).Kind);
        never.SetResult(null);
    }

    [Fact]
    public async Task ServerOnlyFails_IsNotMeasuredToTheEnd()
    {
        await using var server = new ScriptedServer(static (number, _) => Task.FromResult<string?>(ScriptedServer.Answer(number == 0 ? 200 : 500, "{}")));

        var result = await MeasureAsync(server, 1, seconds: 600);

        Assert.True(result.IsCutShort);
        Assert.True(result.Errors >= 100, $"{result}");
        Assert.All(result.ErrorKinds.Concat(result.WarmUpErrorKinds), static error => Assert.Equal("HTTP 500", error.Kind));
    }

    [Fact]
    public async Task FirstAnswerIsAFailure_SaysSoBeforeMeasuring()
    {
        await using var server = new ScriptedServer(static (_, _) => Task.FromResult<string?>(ScriptedServer.Answer(404, "{\"error\":\"no such model\"}")));

        var error = await Assert.ThrowsAsync<BenchException>(() => MeasureAsync(server, 1));

        Assert.Contains("HTTP 404", error.Message, StringComparison.Ordinal);
        Assert.Contains("no such model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndedEarly_TellsWhatWasMeasuredUntilThen()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var server = new ScriptedServer((number, _) =>
        {
            if (number == 50)
            {
                stop.Cancel();
            }

            return Task.FromResult<string?>(ScriptedServer.Answer(200, "{}"));
        });

        var result = await MeasureAsync(server, 1, seconds: 600, cancellation: stop.Token);

        Assert.True(result.IsCutShort);
        Assert.True(result.Seconds < 600);
        Assert.True(result.Requests > 0);
    }

    [Fact]
    public async Task WarmUp_IsSplitIntoWindowsWhoseRequestsCountForNothingElse()
    {
        await using var server = new ScriptedServer(static (_, _) => Task.FromResult<string?>(ScriptedServer.Answer(200, "{}")));
        var point = Point(server, 1, 0.1, 20, null) with { WarmUp = new WarmUpPlan(TimeSpan.FromMilliseconds(100), 4, 0.000001, 99) };

        var result = await PointRunner.RunAsync(point, Cancellation);

        Assert.Equal(4, result.Windows.Count);
        Assert.False(result.IsStable);
        Assert.All(result.Windows, static window => Assert.True(window.Completed > 0));
        Assert.True(result.Requests + result.Windows.Sum(static window => window.Completed) <= server.Requests);
    }

    private static Task<PointResult> MeasureAsync(ScriptedServer server, int connections, double seconds = 1, double timeoutSeconds = 20, byte[]? expected = null, CancellationToken? cancellation = null) =>
        PointRunner.RunAsync(Point(server, connections, seconds, timeoutSeconds, expected), cancellation ?? Cancellation);

    private static LoadPoint Point(ScriptedServer server, int connections, double seconds, double timeoutSeconds, byte[]? expected) => new(
        WireEncoding.Json,
        server.Address,
        ConnectionSettings.Plain(TimeSpan.FromSeconds(timeoutSeconds)),
        LoadLevel.Closed(connections),
        WarmUpPlan.Fixed(TimeSpan.Zero),
        TimeSpan.FromSeconds(seconds),
        RequestSet.Of("POST /v2/models/m/infer HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"u8.ToArray(), expected));
}

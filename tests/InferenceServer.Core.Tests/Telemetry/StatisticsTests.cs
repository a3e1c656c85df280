using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using Xunit;

namespace InferenceServer.Core.Tests.Telemetry;

/// <summary>What the statistics of a model that is used say, and what must hold between them.</summary>
public sealed class StatisticsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Report_OfAFreshVersion_IsAllZero()
    {
        await using var model = new ServedModelFixture();

        var report = model.Served.ReadStatistics();

        Assert.Equal(new ModelStatisticsReport("m", 1) { Batches = report.Batches, Responses = report.Responses, Memory = report.Memory, Releases = report.Releases }, report);
        Assert.All(report.Releases, static release => Assert.Equal(0, release.Value));
        Assert.Empty(report.Batches);
        Assert.Empty(report.Responses);
        Assert.Empty(report.Memory);
    }

    [Fact]
    public async Task Report_AfterBatchesFailuresAndLeavers_KeepsItsInvariants()
    {
        await using var model = new ServedModelFixture(maxQueueSize: 8);
        model.Backend.Gate = new ExecutionGate();
        using var leaver = new CancellationTokenSource();
        var first = model.Engine.InferAsync(model.Rows(1, 1), Token).AsTask();
        await model.Backend.Gate.WaitForArrivalAsync();
        var together = new[] { model.Engine.InferAsync(model.Rows(2, 2), Token).AsTask(), model.Engine.InferAsync(model.Rows(3, 3), leaver.Token).AsTask() };
        model.Backend.Gate.PassOne();
        (await first).Response!.Dispose();
        await model.Backend.Gate.WaitForArrivalAsync();
        await leaver.CancelAsync();
        model.Backend.Gate.Open();
        (await together[0]).Response!.Dispose();
        Assert.Equal(ErrorCode.Cancelled, (await together[1]).Error!.Code);
        model.Backend.Execute = static _ => throw new BackendException("broken");
        Assert.Equal("[request id: <id_unknown>] broken", (await model.Engine.InferAsync(model.Rows(4, 4), Token)).Error!.Message);

        var report = model.Served.ReadStatistics();

        Assert.Equal(2, report.Success.Count);
        Assert.Equal(2, report.Fail.Count);
        Assert.True(report.Fail.Duration > TimeSpan.Zero);
        Assert.All(new[] { report.Queue, report.ComputeInput, report.ComputeInfer, report.ComputeOutput }, part => Assert.Equal(report.Success.Count - report.CacheHit.Count, part.Count));
        Assert.Equal([(1, 1), (5, 1)], report.Batches.Select(static batch => (batch.BatchSize, (int)batch.ComputeInfer.Count)));
        Assert.Equal(report.InferenceCount, report.Batches.Sum(static batch => batch.BatchSize * batch.ComputeInfer.Count));
        Assert.Equal(report.ExecutionCount, report.Batches.Sum(static batch => batch.ComputeInfer.Count));
        Assert.True(report.Success.Duration >= report.Queue.Duration + report.ComputeInfer.Duration);
        Assert.InRange(report.LastInference, model.Time.GetUtcNow().ToUnixTimeMilliseconds() - 60_000, model.Time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task Report_AfterRequestsThatWereTurnedAway_HasNoFailures()
    {
        await using var model = new ServedModelFixture(maxQueueSize: 1);
        model.Backend.Gate = new ExecutionGate();
        var running = model.Engine.InferAsync(model.Rows(1, 1), Token).AsTask();
        await model.Backend.Gate.WaitForArrivalAsync();
        var waiting = model.Engine.InferAsync(model.Rows(1, 1), Token).AsTask();

        var full = await model.Engine.InferAsync(model.Rows(1, 1), Token);
        var invalid = await model.Engine.InferAsync(model.Rows(9, 1), Token);
        model.Backend.Gate.Open();
        (await running).Response!.Dispose();
        (await waiting).Response!.Dispose();

        Assert.Equal((ErrorCode.Unavailable, ErrorCode.InvalidArgument), (full.Error!.Code, invalid.Error!.Code));
        Assert.Equal(default, model.Served.ReadStatistics().Fail);
        Assert.Equal((1, 1), (model.Statistics.Refusals(RefusalReason.QueueFull), model.Statistics.Refusals(RefusalReason.Invalid)));
    }

    [Fact]
    public async Task Report_OfADecoupledModelThatReports_ShowsEachResponseByItsNumber()
    {
        await using var model = new ServedModelFixture(maxBatchSize: 0, isDecoupled: true, reportsResponses: true);
        var ends = new Queue<Action<ExecutionBatch>>([
            static _ => { },
            static batch => Give(batch),
            static batch => batch.SendError(ErrorCode.InvalidArgument, "enough"),
            static _ => throw new BackendException("broken"),
        ]);
        model.Backend.Execute = batch =>
        {
            Give(batch);
            batch.SendResponse();
            ends.Dequeue()(batch);
        };

        for (var i = 0; i < 4; i++)
        {
            await ReadAsync(model);
        }

        // The last response leaves before its execution has been counted.
        await Waiting.UntilAsync(() => (model.Statistics.Successes, model.Statistics.Failures(FailureReason.Backend)) == (3, 1));
        var responses = model.Served.ReadStatistics().Responses;
        Assert.Equal(2, responses.Length);
        Assert.Equal((4, 4, 4, 0, 0, 0), Counts(responses[0]));
        Assert.Equal((4, 3, 1, 2, 1, 0), Counts(responses[1]));
    }

    [Fact]
    public async Task Report_OfADecoupledModelThatReportsNothing_HasNoResponses()
    {
        await using var model = new ServedModelFixture(maxBatchSize: 0, isDecoupled: true);
        model.Backend.Execute = static batch => Give(batch);

        await ReadAsync(model);

        // The last response leaves before its execution has been counted.
        await Waiting.UntilAsync(() => model.Statistics.Successes == 1);
        Assert.Empty(model.Served.ReadStatistics().Responses);
    }

    [Fact]
    public async Task TryRead_Catalog_GivesReadyVersionsInOrderOrSaysWhatIsMissing()
    {
        await using var a = new ServedModelFixture(name: "a");
        await using var b2 = new ServedModelFixture(name: "b", version: 2);
        await using var b10 = new ServedModelFixture(name: "b", version: 10);
        var catalog = new ModelCatalog();
        catalog.Publish(new ServingSnapshot([new ServedVersions("b", [b2.Served, b10.Served], []), new ServedVersions("a", [a.Served], [7]), new ServedVersions("c", [], [1])]));

        Assert.Equal("a 1, b 2, b 10", Read("", ""));
        Assert.Equal("a 1, b 2, b 10", Read("", "2"));
        Assert.Equal("b 2, b 10", Read("b", ""));
        Assert.Equal("b 10", Read("b", "10"));
        Assert.Equal("InvalidArgument requested model 'x' is not available", Read("x", ""));
        Assert.Equal("InvalidArgument requested model 'c' is not available", Read("c", "1"));
        Assert.Equal("InvalidArgument requested model version is not available for model 'a': expected one of 1, got 7", Read("a", "7"));
        Assert.StartsWith("InvalidArgument failed to get model version from specified version string 'q'", Read("", "q"), StringComparison.Ordinal);

        string Read(string name, string version) => StatisticsReader.TryRead(catalog, name, version, out var reports, out var error)
            ? string.Join(", ", reports.Select(static report => $"{report.Name} {report.Version}"))
            : $"{error.Code} {error.Message}";
    }

    private static void Give(ExecutionBatch batch)
    {
        var input = batch.Inputs[0];
        input.Span.CopyTo(batch.AllocateOutput(0, input.Shape, input.Length).Span);
    }

    private static async Task ReadAsync(ServedModelFixture model)
    {
        var request = model.Request();
        request.AddInput(Testing.Tensors.TestTensor.Of<float>(model.Pool, "X", Abstractions.Tensors.TensorDataType.Fp32, new Abstractions.Tensors.TensorShape(4), new float[4]));
        using var stream = model.Engine.StartStream(request, Token);
        while (await stream.ReadAsync(Token) is { } outcome)
        {
            outcome.Response?.Dispose();
        }
    }

    private static (long Infer, long Output, long Success, long Fail, long Empty, long Cancel) Counts(ResponseReport report) =>
        (report.ComputeInfer.Count, report.ComputeOutput.Count, report.Success.Count, report.Fail.Count, report.EmptyResponse.Count, report.Cancel.Count);
}

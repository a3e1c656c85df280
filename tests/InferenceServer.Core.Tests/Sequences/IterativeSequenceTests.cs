using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Xunit;
using static InferenceServer.Core.Tests.Sequences.SequenceFixture;

namespace InferenceServer.Core.Tests.Sequences;

/// <summary>Models that put a request back into the queue until they are done with it.</summary>
public sealed class IterativeSequenceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_IsExecutedUntilTheModelIsDone()
    {
        await using var model = new SequenceFixture(Oldest(4) with { IsIterative = true });
        model.Backend.Execute = batch => AddUntil(model, batch, 10);
        Assert.Equal(12, await model.StepAsync(null, 3));
        Assert.Equal(4, model.Backend.Executions);
        Assert.Equal([1, 0, 0, 0], model.Seen.Select(static seen => seen.Start[0]));
        Assert.Single(model.Seen.Select(static seen => seen.Ids[0]).Distinct());

        // The next request is a sequence of its own.
        Assert.Equal(10, await model.StepAsync(null, 5));
        Assert.Equal(2, model.Seen.Select(static seen => seen.Ids[0]).Distinct().Count());
        Assert.Equal((2, 6, 0), (model.Statistics.Successes, model.Statistics.Executions, model.Scheduler.Counts.Active));
    }

    [Fact]
    public async Task Requests_ShareExecutionsWhileOthersComeAndGo()
    {
        await using var model = new SequenceFixture(Oldest(4) with { IsIterative = true });
        var gate = model.Backend.Gate = new ExecutionGate();
        model.Backend.Execute = batch => AddUntil(model, batch, 60);
        var slow = model.StepAsync(null, 10);
        await gate.WaitForArrivalAsync();
        var fast = new[] { 20, 30, 60 }.Select(value => model.StepAsync(null, value)).ToArray();
        gate.Open();
        Assert.All(await Task.WhenAll([slow, .. fast]), static total => Assert.Equal(60, total));

        // 6, 3, 2 and 1 executions by themselves.
        Assert.Equal(6, model.Backend.Executions);
        Assert.Equal(4, model.Seen.Max(static seen => seen.Ready.Length));
    }

    [Fact]
    public async Task ClientThatGoes_IsNoticedBetweenExecutions()
    {
        await using var model = new SequenceFixture(Oldest(4) with { IsIterative = true });
        var gate = model.Backend.Gate = new ExecutionGate();
        model.Backend.Execute = batch => AddUntil(model, batch, int.MaxValue);
        using var source = new CancellationTokenSource();
        var endless = model.FailAsync(null, 1, client: source);
        await gate.WaitForArrivalAsync();
        gate.PassOne();
        await gate.WaitForArrivalAsync();
        await source.CancelAsync();
        gate.Open();
        Assert.Equal(ErrorCode.Cancelled, (await endless).Code);
        Assert.Equal(1, model.Statistics.Failures(FailureReason.Cancelled));
        Assert.Equal(0, model.Scheduler.Counts.Active);
    }

    [Fact]
    public async Task DecoupledModel_AnswersInEveryExecution()
    {
        await using var model = new SequenceFixture(Oldest(2) with { IsIterative = true }, isDecoupled: true);
        model.Backend.Execute = batch =>
        {
            AddUntil(model, batch, 9);
            batch.SendResponse();
        };
        var totals = new List<int>();
        using var stream = model.Engine.StartStream(model.Request(null, 3), Token);
        while (await stream.ReadAsync(Token).AsTask().WaitAsync(TestTimeouts.Phase, Token) is { } outcome)
        {
            using var response = outcome.Response;
            if (response is { Outputs.Length: > 0 })
            {
                totals.Add(TestTensor.Read<int>(response.Outputs[0])[0]);
            }
        }

        Assert.Equal([3, 6, 9], totals);
        Assert.Equal(3, model.Backend.Executions);
        Assert.Equal(0, model.Scheduler.Counts.Active);
    }

    [Fact]
    public async Task ModelThatIsNotIterative_MayNotAskForAnotherExecution()
    {
        await using var model = new SequenceFixture();
        model.Backend.Execute = static batch => batch.Reschedule(0);
        Assert.Contains("iterative_sequence is not set", (await model.FailAsync(1, 1, start: true)).Message, StringComparison.Ordinal);
    }

    private static void AddUntil(SequenceFixture model, ExecutionBatch batch, int enough)
    {
        model.Add(batch);
        var (values, states) = (Read<int>(batch, "IN"), Read<int>(batch, "STATE"));
        for (var request = 0; request < batch.RequestCount; request++)
        {
            var row = batch.GetRequest(request).FirstRow;
            if (states[row] + values[row] < enough)
            {
                batch.Reschedule(request);
            }
        }
    }
}

using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

public sealed class DecoupledExecutionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Responses_ArriveWhileTheModelStillRuns()
    {
        using var gate = new SemaphoreSlim(0);
        await using var model = new ServedModelFixture(isDecoupled: true);
        model.Backend.Execute = batch =>
        {
            Send(batch, 1f);
            gate.Wait(Token);
            Send(batch, 2f);
        };
        using var stream = model.Engine.StartStream(model.Rows(1, 0f, "a"), Token);
        using (var first = await ReadAsync(stream))
        {
            Assert.Equal("a", first.Id);
            Assert.False(first.IsFinal);
            Assert.Equal([1f, 1f, 1f, 1f], TestTensor.Read<float>(first.Outputs[0]));
            Assert.Equal(0, model.Statistics.Executions);
        }

        gate.Release();
        using (var second = await ReadAsync(stream))
        {
            Assert.Equal(2f, TestTensor.Read<float>(second.Outputs[0])[0]);
        }

        Assert.Null(await stream.ReadAsync(Token));
        Assert.Equal(1, model.Statistics.Successes);
        Assert.Equal(1, model.Statistics.Executions);
    }

    [Fact]
    public async Task NoResponse_EndsTheStream()
    {
        await using var model = new ServedModelFixture(isDecoupled: true);
        model.Backend.Execute = static _ => { };
        using var stream = model.Engine.StartStream(model.Rows(1, 0f), Token);
        Assert.Null(await stream.ReadAsync(Token));
        Assert.Equal(1, model.Statistics.Successes);
    }

    [Fact]
    public async Task FinalResponse_IsTheLastAndNothingFollowsIt()
    {
        BackendException? refused = null;
        await using var model = new ServedModelFixture(isDecoupled: true);
        model.Backend.Execute = batch =>
        {
            Send(batch, 1f, isFinal: true);
            refused = Assert.Throws<BackendException>(() => Send(batch, 2f));
        };
        using var stream = model.Engine.StartStream(model.Rows(1, 0f), Token);
        using (var response = await ReadAsync(stream))
        {
            Assert.True(response.IsFinal);
        }

        Assert.Null(await stream.ReadAsync(Token));
        await model.UnloadAsync();
        Assert.NotNull(refused);
    }

    [Fact]
    public async Task OutputThatIsNotWhatItsShapeSays_LeavesNobodyHoldingTheModel()
    {
        await using var model = new ServedModelFixture(outputs: [ServedModelFixture.Tensor("Y", TensorDataType.Bytes, 8, 4)], isDecoupled: true);
        model.Backend.Execute = static batch => Send(batch, 1f);
        using var stream = model.Engine.StartStream(model.Rows(1, 0f), Token);
        var outcome = (await stream.ReadAsync(Token))!.Value;
        Assert.Contains("whole elements", outcome.Error!.Message, StringComparison.Ordinal);
        Assert.True(await model.UnloadAsync());
    }

    [Fact]
    public async Task OutputsThatAreNotSent_AreOneFinalResponse()
    {
        await using var model = new ServedModelFixture(isDecoupled: true);
        model.Backend.Execute = batch =>
        {
            Send(batch, 1f);
            FakeBackend.EchoFirst(batch);
        };
        using var stream = model.Engine.StartStream(model.Rows(1, 9f), Token);
        (await ReadAsync(stream)).Dispose();
        using (var last = await ReadAsync(stream))
        {
            Assert.True(last.IsFinal);
            Assert.Equal(9f, TestTensor.Read<float>(last.Outputs[0])[0]);
        }

        Assert.Null(await stream.ReadAsync(Token));
    }

    [Fact]
    public async Task ModelThatThrows_KeepsWhatItHasSentAndEndsWithTheError()
    {
        await using var model = new ServedModelFixture(isDecoupled: true);
        model.Backend.Execute = static batch =>
        {
            Send(batch, 1f);
            throw new BackendException(ErrorCode.InvalidArgument, "no more");
        };
        using var stream = model.Engine.StartStream(model.Rows(1, 0f), Token);
        (await ReadAsync(stream)).Dispose();
        var outcome = (await stream.ReadAsync(Token))!.Value;
        Assert.Equal(ErrorCode.InvalidArgument, outcome.Error!.Code);
        Assert.Contains("no more", outcome.Error.Message, StringComparison.Ordinal);
        Assert.True(outcome.WasAccepted);
        Assert.Null(await stream.ReadAsync(Token));
        Assert.Equal(1, model.Statistics.Failures(FailureReason.Backend));
        Assert.Equal(0, model.Statistics.Successes);
    }

    [Fact]
    public async Task ErrorThatIsSent_IsAnAnswerAndTheExecutionCountsAsRun()
    {
        await using var model = new ServedModelFixture(isDecoupled: true);
        model.Backend.Execute = static batch => batch.SendError(ErrorCode.InvalidArgument, "not this one");
        using var stream = model.Engine.StartStream(model.Rows(1, 0f), Token);
        var outcome = (await stream.ReadAsync(Token))!.Value;
        Assert.Equal(ErrorCode.InvalidArgument, outcome.Error!.Code);
        Assert.Null(await stream.ReadAsync(Token));
        await model.UnloadAsync();
        Assert.Equal(1, model.Statistics.Executions);
        Assert.Equal(1, model.Statistics.Successes);
    }

    [Fact]
    public async Task RefusedRequest_IsTheOnlyOutcomeAndWasNotAccepted()
    {
        await using var model = new ServedModelFixture(isDecoupled: true);
        using var stream = model.Engine.StartStream(model.Request(), Token);
        var outcome = (await stream.ReadAsync(Token))!.Value;
        Assert.Equal(ErrorCode.InvalidArgument, outcome.Error!.Code);
        Assert.False(outcome.WasAccepted);
        Assert.Null(await stream.ReadAsync(Token));
    }

    [Fact]
    public async Task PlainModel_GivesItsOneResponseAsFinal()
    {
        await using var model = new ServedModelFixture();
        using var stream = model.Engine.StartStream(model.Rows(2, 5f), Token);
        using (var response = await ReadAsync(stream))
        {
            Assert.True(response.IsFinal);
            Assert.Equal([2, 4], response.Outputs[0].Shape.AsSpan());
        }

        Assert.Null(await stream.ReadAsync(Token));
    }

    [Fact]
    public async Task DecoupledModel_IsRefusedWhereOneResponseIsAwaited()
    {
        await using var model = new ServedModelFixture(isDecoupled: true);
        var outcome = await model.Engine.InferAsync(model.Rows(1, 0f), Token);
        Assert.Equal(ErrorCode.Unsupported, outcome.Error!.Code);
    }

    [Fact]
    public async Task PlainModelThatSends_FailsItsRequest()
    {
        await using var model = new ServedModelFixture();
        model.Backend.Execute = static batch => Send(batch, 1f);
        var outcome = await model.Engine.InferAsync(model.Rows(1, 0f), Token);
        Assert.Equal(ErrorCode.Internal, outcome.Error!.Code);
        Assert.Contains("decoupled", outcome.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_AreNotPutTogether()
    {
        await using var model = new ServedModelFixture(isDecoupled: true);
        var gate = model.Backend.Gate = new ExecutionGate();
        var streams = Enumerable.Range(0, 3).Select(i => model.Engine.StartStream(model.Rows(1, i, $"{i}"), Token)).ToArray();
        gate.Open();
        for (var i = 0; i < streams.Length; i++)
        {
            using var stream = streams[i];
            using var response = await ReadAsync(stream);
            Assert.Equal($"{i}", response.Id);
            Assert.Equal([1, 4], response.Outputs[0].Shape.AsSpan());
        }

        Assert.Equal(3, model.Backend.Executions);
    }

    [Fact]
    public async Task ClientThatLeaves_StopsTheModelAtItsNextResponse()
    {
        using var gone = new CancellationTokenSource();
        using var sent = new SemaphoreSlim(0);
        await using var model = new ServedModelFixture(isDecoupled: true);
        model.Backend.Execute = batch =>
        {
            while (true)
            {
                Send(batch, 1f);
                sent.Release();
                batch.Cancellation.WaitHandle.WaitOne(TestTimeouts.Phase);
            }
        };
        using (var stream = model.Engine.StartStream(model.Rows(1, 0f), gone.Token))
        {
            Assert.True(await sent.WaitAsync(TestTimeouts.Phase, Token));
            await gone.CancelAsync();
        }

        Assert.True(await model.UnloadAsync());
        Assert.Equal(1, model.Statistics.Failures(FailureReason.Cancelled));
    }

    [Fact]
    public async Task ReaderThatDoesNotRead_HoldsTheModelAndThenLosesTheRequest()
    {
        var time = new FakeTimeProvider();
        using var full = new SemaphoreSlim(0);
        await using var model = new ServedModelFixture(isDecoupled: true, time: time, scheduling: new SchedulerOptions { MaxUnreadResponses = 2, ReaderPatience = TimeSpan.FromSeconds(5) });
        model.Backend.Execute = batch =>
        {
            for (var i = 0; i < 10; i++)
            {
                if (i == 2)
                {
                    full.Release();
                }

                Send(batch, i);
            }
        };
        using var stream = model.Engine.StartStream(model.Rows(1, 0f), Token);
        Assert.True(await full.WaitAsync(TestTimeouts.Phase, Token));
        var failed = WaitForFailureAsync(model);
        while (!failed.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await failed;
        (await ReadAsync(stream)).Dispose();
        (await ReadAsync(stream)).Dispose();
        var outcome = (await stream.ReadAsync(Token))!.Value;
        Assert.Equal(ErrorCode.ResourceExhausted, outcome.Error!.Code);
    }

    [Fact]
    public async Task SlowReader_GetsEveryResponse()
    {
        await using var model = new ServedModelFixture(isDecoupled: true, scheduling: new SchedulerOptions { MaxUnreadResponses = 2 });
        model.Backend.Execute = static batch =>
        {
            for (var i = 0; i < 100; i++)
            {
                Send(batch, i);
            }
        };
        using var stream = model.Engine.StartStream(model.Rows(1, 0f), Token);
        for (var i = 0; i < 100; i++)
        {
            using var response = await ReadAsync(stream);
            Assert.Equal(i, TestTensor.Read<float>(response.Outputs[0])[0]);
        }

        Assert.Null(await stream.ReadAsync(Token));
    }

    [Fact]
    public async Task Parameters_ReachTheModelAndComeBackPerResponse()
    {
        await using var model = new ServedModelFixture(isDecoupled: true);
        model.Backend.Execute = static batch =>
        {
            var request = batch.GetRequest(0);
            batch.SetResponseParameter(0, "seen", request.Parameters["hint"]);
            Send(batch, 1f);
            Send(batch, 2f);
        };
        var sent = model.Rows(1, 0f, "id");
        sent.Parameters["hint"] = ParameterValue.FromString("x");
        using var stream = model.Engine.StartStream(sent, Token);
        using (var first = await ReadAsync(stream))
        {
            Assert.Equal(ParameterValue.FromString("x"), first.Parameters["seen"]);
        }

        using var second = await ReadAsync(stream);
        Assert.Empty(second.Parameters);
    }

    [Fact]
    public async Task ParametersOfABatch_BelongToTheirRequests()
    {
        await using var model = new ServedModelFixture();
        var gate = model.Backend.Gate = new ExecutionGate();
        model.Backend.Execute = static batch =>
        {
            FakeBackend.EchoFirst(batch);
            for (var i = 0; i < batch.RequestCount; i++)
            {
                var request = batch.GetRequest(i);
                batch.SetResponseParameter(i, "row", ParameterValue.FromInt64(request.FirstRow));
                Assert.Equal(request.Id, batch.Inputs[0].Span[request.FirstRow * 16] == 0 ? "a" : "b");
            }
        };
        var blocker = model.Engine.InferAsync(model.Rows(1, 0f, "a"), Token).AsTask();
        await gate.WaitForArrivalAsync();
        var first = model.Engine.InferAsync(model.Rows(3, 0f, "a"), Token).AsTask();
        var second = model.Engine.InferAsync(model.Rows(1, float.BitIncrement(0f), "b"), Token).AsTask();
        gate.Open();
        (await blocker).Response!.Dispose();
        using var a = (await first).Response!;
        using var b = (await second).Response!;
        Assert.Equal(ParameterValue.FromInt64(0), a.Parameters["row"]);
        Assert.Equal(ParameterValue.FromInt64(3), b.Parameters["row"]);
    }

    private static async Task WaitForFailureAsync(ServedModelFixture model)
    {
        while (model.Statistics.Failures(FailureReason.Backend) == 0)
        {
            await Task.Delay(1, Token);
        }
    }

    private static void Send(ExecutionBatch batch, float value, bool isFinal = false)
    {
        var output = batch.AllocateOutput(0, new TensorShape(1, 4), 16);
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(output.Span).Fill(value);
        batch.SendResponse(isFinal);
    }

    private static async Task<InferenceResponse> ReadAsync(InferenceStream stream)
    {
        var outcome = await stream.ReadAsync(Token).AsTask().WaitAsync(TestTimeouts.Phase, Token);
        Assert.NotNull(outcome);
        Assert.True(outcome.Value.IsSuccess, outcome.Value.Error?.Message);
        return outcome.Value.Response;
    }
}

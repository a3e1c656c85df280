using Grpc.Core;
using Inference;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Streams;

public sealed class ModelStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DecoupledModel_SendsEachElementAndTheEmptyFinalWhereItIsWanted()
    {
        await using var test = await StreamTest.StartAsync();
        using var call = test.Open();
        await call.RequestStream.WriteAsync(StreamTest.Repeat("silent", [7, 8]), Token);
        Assert.Equal([(7, false), (8, false)], [.. (await call.ReadAsync(2)).Select(Value)]);
        await call.RequestStream.WriteAsync(StreamTest.Repeat("told", [9], wantsEmptyFinal: true), Token);
        var told = await call.ReadAsync(2);
        Assert.Equal((9, false), Value(told[0]));
        Assert.True(told[1].InferResponse.Parameters["triton_final_response"].BoolParam);
        Assert.Equal("told", told[1].InferResponse.Id);
        Assert.Equal("repeater", told[1].InferResponse.ModelName);
        Assert.Empty(told[1].InferResponse.Outputs);
        Assert.Empty(await call.EndAsync());
    }

    [Fact]
    public async Task Square_AnswersAsOftenAsItIsAsked()
    {
        await using var test = await StreamTest.StartAsync();
        using var call = test.Open();
        var request = new ModelInferRequest { ModelName = "squarer", Id = "s" };
        request.Inputs.Add(StreamTest.Input("IN", [500]));
        await call.RequestStream.WriteAsync(request, Token);
        var answers = await call.EndAsync();
        Assert.Equal(500, answers.Count);
        Assert.All(answers, static answer => Assert.Equal((500, false), Value(answer)));
    }

    [Fact]
    public async Task PlainModels_AnswerInTheOrderOfTheRequestsWhateverTheyTake()
    {
        await using var test = await StreamTest.StartAsync();
        using var call = test.Open();
        string[] models = ["slow", "plain", "nothing", "failing", "plain", "slow", "plain"];
        for (var i = 0; i < models.Length; i++)
        {
            await call.RequestStream.WriteAsync(StreamTest.Plain(models[i], $"{i}", i), Token);
        }

        var answers = await call.EndAsync();
        Assert.Equal(models.Select(static (_, i) => $"{i}"), answers.Select(static answer => answer.InferResponse.Id));
        Assert.Contains("nothing", answers[2].ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(answers[2].InferResponse.ModelName);
        Assert.False(answers[2].InferResponse.Parameters.ContainsKey("triton_final_response"));
        Assert.Contains("it broke", answers[3].ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("failing", answers[3].InferResponse.ModelName);
        Assert.True(answers[3].InferResponse.Parameters["triton_final_response"].BoolParam);
        Assert.All(new[] { 0, 1, 4, 5, 6 }, i =>
        {
            Assert.Empty(answers[i].ErrorMessage);
            Assert.Equal((i, true), Value(answers[i]));
            Assert.Equal("1", answers[i].InferResponse.ModelVersion);
        });
    }

    [Fact]
    public async Task ManyRequestsAtOnce_AreAllAnswered()
    {
        await using var test = await StreamTest.StartAsync();
        using var call = test.Open();
        var reading = call.EndWhenAsync(3000);
        for (var i = 0; i < 3000; i++)
        {
            await call.RequestStream.WriteAsync(StreamTest.Plain("plain", $"{i}", i), Token);
        }

        var answers = await reading;
        Assert.Equal(Enumerable.Range(0, 3000).Select(static i => (i, true)), answers.Select(Value));
    }

    [Fact]
    public async Task ErrorMode_EndsTheCallWithTheStatusOfTheFirstError()
    {
        await using var test = await StreamTest.StartAsync();
        using var call = test.Open(new Metadata { { "triton_grpc_error", "true" } });
        await call.RequestStream.WriteAsync(StreamTest.Plain("plain", "good", 1), Token);
        Assert.Equal((1, true), Value((await call.ReadAsync(1))[0]));
        await call.RequestStream.WriteAsync(StreamTest.Plain("failing", "bad", 1), Token);
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ReadAsync(1));
        Assert.Equal(StatusCode.Internal, error.StatusCode);
        Assert.Contains("it broke", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ErrorMode_LeavesRequestsThatAreRefusedInTheStream()
    {
        await using var test = await StreamTest.StartAsync();
        using var call = test.Open(new Metadata { { "triton_grpc_error", "true" } });
        var wrong = StreamTest.Plain("plain", "wrong", 1);
        wrong.Inputs[0].Shape[0] = 7;
        await call.RequestStream.WriteAsync(StreamTest.Plain("nothing", "bad", 1), Token);
        await call.RequestStream.WriteAsync(wrong, Token);
        await call.RequestStream.WriteAsync(StreamTest.Plain("plain", "good", 1), Token);
        var answers = await call.EndWhenAsync(3);
        Assert.Contains("nothing", answers[0].ErrorMessage, StringComparison.Ordinal);
        Assert.NotEmpty(answers[1].ErrorMessage);
        Assert.Equal((1, true), Value(answers[2]));
    }

    [Fact]
    public async Task LargeResponses_AreAllSentThoughFewRequestsMayBeOutstanding()
    {
        await using var test = await StreamTest.StartAsync("--grpc-max-stream-bytes=1", "--grpc-max-stream-requests=8");
        using var call = test.Open();
        var reading = call.EndWhenAsync(200);
        for (var i = 0; i < 200; i++)
        {
            await call.RequestStream.WriteAsync(StreamTest.Plain("plain", $"{i}", i), Token);
        }

        Assert.Equal(Enumerable.Range(0, 200).Select(static i => (i, true)), (await reading).Select(Value));
    }

    [Fact]
    public async Task ClientThatCancels_StopsWhatRuns()
    {
        await using var test = await StreamTest.StartAsync();
        using (var call = test.Open())
        {
            var request = new ModelInferRequest { ModelName = "squarer" };
            request.Inputs.Add(StreamTest.Input("IN", [int.MaxValue]));
            await call.RequestStream.WriteAsync(request, Token);
            await call.ReadAsync(3);
        }

        // The only instance is free again.
        using var next = test.Open();
        var small = new ModelInferRequest { ModelName = "squarer" };
        small.Inputs.Add(StreamTest.Input("IN", [1]));
        await next.RequestStream.WriteAsync(small, Token);
        Assert.Single(await next.EndAsync());
    }

    [Fact]
    public async Task Deadline_EndsTheCall()
    {
        await using var test = await StreamTest.StartAsync();
        using var call = test.Open(deadline: DateTime.UtcNow.AddMilliseconds(300));
        await call.RequestStream.WriteAsync(StreamTest.Repeat("late", [1], delay: 30_000), Token);
        Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(() => call.ReadAsync(1))).StatusCode);
    }

    [Fact]
    public async Task ServerThatStops_FinishesWhatIsOutstandingAndEndsIdleStreams()
    {
        await using var test = await StreamTest.StartAsync();
        using var idle = test.Open();
        using var busy = test.Open();
        await busy.RequestStream.WriteAsync(StreamTest.Repeat("r", [1, 2], delay: 100), Token);
        Assert.Equal((1, false), Value((await busy.ReadAsync(1))[0]));
        var stopping = test.Server.StopAsync();
        Assert.Equal((2, false), Value((await busy.ReadAsync(1))[0]));
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => idle.ReadAsync(1))).StatusCode);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => busy.ReadAsync(1))).StatusCode);
        await stopping.WaitAsync(TestTimeouts.Phase, Token);
    }

    [Fact]
    public async Task DecoupledModel_IsRefusedByTheUnaryRpcAndByInfer()
    {
        await using var test = await StreamTest.StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await test.Server.Rpc.ModelInferAsync(StreamTest.Repeat("r", [1]), cancellationToken: Token));
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        var (status, body) = await test.Server.PostAsync("/v2/models/repeater/infer", "{}");
        Assert.Equal(501, (int)status);
        Assert.Contains("decoupled", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongInputsOfAnExample_AreToldAsAnAnswer()
    {
        await using var test = await StreamTest.StartAsync();
        using var call = test.Open();
        var request = StreamTest.Repeat("r", [1, 2]);
        request.Inputs[1] = StreamTest.UnsignedInput("DELAY", [1]);
        await call.RequestStream.WriteAsync(request, Token);
        var answer = Assert.Single(await call.EndAsync());
        Assert.Contains("'DELAY'", answer.ErrorMessage, StringComparison.Ordinal);
        Assert.True(answer.InferResponse.Parameters["triton_final_response"].BoolParam);
    }

    private static (int Value, bool IsFinal) Value(ModelStreamInferResponse answer) =>
        (BitConverter.ToInt32(answer.InferResponse.RawOutputContents[0].Span), answer.InferResponse.Parameters["triton_final_response"].BoolParam);
}

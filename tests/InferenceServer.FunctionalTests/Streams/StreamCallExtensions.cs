using Inference;
using InferenceServer.Testing;
using Xunit;
using Call = Grpc.Core.AsyncDuplexStreamingCall<Inference.ModelInferRequest, Inference.ModelStreamInferResponse>;

namespace InferenceServer.FunctionalTests.Streams;

/// <summary>Reads the answers of a stream.</summary>
internal static class StreamCallExtensions
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The next answers; fewer are a failure.</summary>
    public static async Task<List<ModelStreamInferResponse>> ReadAsync(this Call call, int count)
    {
        var answers = new List<ModelStreamInferResponse>();
        while (answers.Count < count)
        {
            Assert.True(await call.ResponseStream.MoveNext(Token).WaitAsync(TestTimeouts.Phase, Token), $"the stream ended after {answers.Count} answers");
            answers.Add(call.ResponseStream.Current);
        }

        return answers;
    }

    /// <summary>Says that no more requests come and reads what is left.</summary>
    public static async Task<List<ModelStreamInferResponse>> EndAsync(this Call call)
    {
        await call.RequestStream.CompleteAsync();
        var answers = new List<ModelStreamInferResponse>();
        while (await call.ResponseStream.MoveNext(Token).WaitAsync(TestTimeouts.Phase, Token))
        {
            answers.Add(call.ResponseStream.Current);
        }

        return answers;
    }

    /// <summary>Reads as many answers, while the caller still writes, and then ends the stream.</summary>
    public static async Task<List<ModelStreamInferResponse>> EndWhenAsync(this Call call, int count)
    {
        var answers = await call.ReadAsync(count);
        Assert.Empty(await call.EndAsync());
        return answers;
    }
}

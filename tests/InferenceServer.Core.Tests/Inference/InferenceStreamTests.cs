using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using Xunit;

namespace InferenceServer.Core.Tests.Inference;

public sealed class InferenceStreamTests
{
    [Fact]
    public async Task GreatestCapacity_IsNotExceededByWhatEndsTheStream()
    {
        var stream = new InferenceStream(int.MaxValue, Timeout.InfiniteTimeSpan, TimeProvider.System);
        stream.Finish(InferenceOutcome.Failure(new InferenceError(ErrorCode.Internal, "why")));
        Assert.Equal("why", (await stream.ReadAsync(TestContext.Current.CancellationToken))?.Error?.Message);
        Assert.Null(Record.Exception(stream.Dispose));
    }
}

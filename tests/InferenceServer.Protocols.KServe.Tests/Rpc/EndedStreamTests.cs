using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>Clients that go at the moment in which their stream is read from or written to: that is no failure of the server, and nobody is to be paged for it.</summary>
public sealed class EndedStreamTests
{
    [Theory]
    [InlineData(false, 0, 0)]
    [InlineData(false, 1, 0)]
    [InlineData(true, 1, 0)]
    [InlineData(false, 1, 1 << 20)]
    [InlineData(true, 1, 1 << 20)]
    public async Task Stream_WhoseClientGoesBetweenTwoSteps_EndsWithoutAFailure(bool goesWhileWriting, int requests, long limit)
    {
        using var regions = new SharedMemoryRegistry(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance);
        using var engine = new FakeEngine(regions);
        using var call = new EndedCall(goesWhileWriting, [.. Enumerable.Repeat(Messages.Raw("UINT8", [1], [7]), requests)]);
        var handler = new StreamInferHandler(engine, new FakeControl(regions), new KServeRpcOptions(), new RequestMemoryGate(new RequestMemoryOptions { MaxBytes = limit }, TimeProvider.System));
        await handler.HandleAsync(call, call, call).WaitAsync(TestTimeouts.Phase, TestContext.Current.CancellationToken);
    }
}

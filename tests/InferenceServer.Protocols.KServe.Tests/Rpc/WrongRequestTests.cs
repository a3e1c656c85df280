using Grpc.Core;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

public sealed class WrongRequestTests : IAsyncLifetime
{
    private RpcServer _server = null!;

    public static TheoryData<string> Names => [.. WrongRequests.All.Keys];

    public async ValueTask InitializeAsync() => _server = await RpcServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ModelInfer_WrongRequest_IsRefusedInWords(string name)
    {
        var wrong = WrongRequests.All[name];

        var failure = await Assert.ThrowsAsync<RpcException>(() => _server.Client.ModelInferAsync(wrong.Message, cancellationToken: TestContext.Current.CancellationToken).ResponseAsync);

        Assert.Equal(wrong.Code, failure.StatusCode);
        Assert.All(wrong.Words, word => Assert.Contains(word, failure.Status.Detail, StringComparison.Ordinal));
        Assert.Empty(_server.Log.Entries);
    }

    [Fact]
    public async Task ModelInfer_WrongRequestWithId_NamesIt()
    {
        var message = WrongRequests.All["raw too short"].Message.Clone();
        message.Id = "r-17";

        var failure = await Assert.ThrowsAsync<RpcException>(() => _server.Client.ModelInferAsync(message, cancellationToken: TestContext.Current.CancellationToken).ResponseAsync);

        Assert.StartsWith("[request id: r-17] ", failure.Status.Detail, StringComparison.Ordinal);
    }
}

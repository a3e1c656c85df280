using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

public sealed class FailureTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ErrorCode.Internal, StatusCode.Internal)]
    [InlineData(ErrorCode.NotFound, StatusCode.NotFound)]
    [InlineData(ErrorCode.InvalidArgument, StatusCode.InvalidArgument)]
    [InlineData(ErrorCode.Unsupported, StatusCode.Unimplemented)]
    [InlineData(ErrorCode.Unavailable, StatusCode.Unavailable)]
    [InlineData(ErrorCode.ResourceExhausted, StatusCode.ResourceExhausted)]
    [InlineData(ErrorCode.DeadlineExceeded, StatusCode.DeadlineExceeded)]
    [InlineData(ErrorCode.Cancelled, StatusCode.Cancelled)]
    [InlineData(ErrorCode.AlreadyExists, StatusCode.AlreadyExists)]
    [InlineData(ErrorCode.PermissionDenied, StatusCode.PermissionDenied)]
    public async Task ModelInfer_EngineRefuses_StatusAndTextAreTheErrors(ErrorCode code, StatusCode expected)
    {
        await using var server = await RpcServer.StartAsync();
        server.Engine.Handler = (request, _) => ValueTask.FromResult(FakeEngine.Refuse(request, code, "because of 'ü'"));

        var failure = await FailAsync(server, Messages.Raw("UINT8", [1], [7]));

        Assert.Equal((expected, "because of 'ü'"), (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task ModelInfer_UnexpectedException_IsLoggedAndNotTold()
    {
        await using var server = await RpcServer.StartAsync();
        server.Engine.Handler = static (request, _) =>
        {
            request.Dispose();
            throw new InvalidOperationException("/secret/path");
        };

        var failure = await FailAsync(server, Messages.Raw("UINT8", [1], [7]));

        Assert.Equal(StatusCode.Internal, failure.StatusCode);
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
        var entry = Assert.Single(server.Log.Entries);
        Assert.Equal(6000, entry.Id.Id);
        Assert.Equal("/secret/path", entry.Exception?.Message);
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", ", trace of the caller: 0af7651916cd43dd8448eb211c80319c)")]
    [InlineData("nonsense", ", trace of the caller: none)")]
    public async Task ModelInfer_UnexpectedException_IsLoggedWithItsNameAndTheTraceOfTheCaller(string traceParent, string expected)
    {
        await using var server = await RpcServer.StartAsync();
        server.Engine.Handler = static (request, _) =>
        {
            request.Dispose();
            throw new InvalidOperationException("it broke");
        };
        await Assert.ThrowsAsync<RpcException>(async () => await server.Client.ModelInferAsync(Messages.Raw("UINT8", [1], [7]), new Metadata { { "traceparent", traceParent }, { "x-request-id", "call-9" } }, cancellationToken: Stop));
        Assert.Contains("(request call-9" + expected, Assert.Single(server.Log.Entries).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelInfer_NoMemoryForTheSecondTensor_ReleasesTheFirst()
    {
        await using var server = await RpcServer.StartAsync();
        server.Engine.Memory.Limit = 10;
        var request = Messages.Raw("UINT8", [1], [7], new byte[11]);
        request.Inputs.Add(Messages.Input("UINT8", [11], name: "SECOND"));

        var failure = await FailAsync(server, request);

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        Assert.Contains("11 bytes", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(1, server.Engine.Memory.Rented);
    }

    [Fact]
    public async Task ModelInfer_ErrorOfAnyLength_ReachesTheClient()
    {
        await using var server = await RpcServer.StartAsync();
        server.Engine.Handler = static (request, _) => ValueTask.FromResult(FakeEngine.Refuse(request, ErrorCode.InvalidArgument, new string('界', 100_000)));

        var failure = await FailAsync(server, Messages.Raw("UINT8", [1], [7]));

        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Equal(new string('界', RpcErrorMapping.MaxMessageLength) + "…", failure.Status.Detail);
    }

    private static Task<RpcException> FailAsync(RpcServer server, ModelInferRequest request) =>
        Assert.ThrowsAsync<RpcException>(() => server.Client.ModelInferAsync(request, cancellationToken: Stop).ResponseAsync);
}

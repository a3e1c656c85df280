using Google.Rpc;
using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Problems;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Problems;

public sealed class RpcProblemTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Error_OfAField_HasReasonFieldAndRequest()
    {
        await using var server = await RpcServer.StartAsync();
        var request = Messages.Raw("UINT8", [2], [7]);
        request.Id = "r-1";

        var failure = await Assert.ThrowsAsync<RpcException>(() => server.Client.ModelInferAsync(request, cancellationToken: Stop).ResponseAsync);

        var status = failure.GetRpcStatus();
        Assert.NotNull(status);
        Assert.Equal(((int)failure.StatusCode, failure.Status.Detail), (status.Code, status.Message));
        var info = status.GetDetail<ErrorInfo>();
        Assert.Equal(("INVALID_ARGUMENT", "inference-server"), (info.Reason, info.Domain));
        Assert.Equal([("expected", "2 bytes"), ("got", "1 bytes"), ("subject", "IN")], info.Metadata.Select(static pair => (pair.Key, pair.Value)).Order());
        var violation = Assert.Single(status.GetDetail<BadRequest>().FieldViolations);
        Assert.Equal(("IN", "expected 2 bytes, got 1 bytes"), (violation.Field, violation.Description));
        Assert.Equal("r-1", status.GetDetail<RequestInfo>().RequestId);
        Assert.Null(status.GetDetail<RetryInfo>());
    }

    [Theory]
    [InlineData(ErrorCode.Unavailable, true)]
    [InlineData(ErrorCode.ResourceExhausted, true)]
    [InlineData(ErrorCode.NotFound, false)]
    [InlineData(ErrorCode.Internal, false)]
    public async Task Error_ThatMayPass_SaysWhenToComeAgain(ErrorCode code, bool isRetryable)
    {
        await using var server = await RpcServer.StartAsync();
        server.Engine.Handler = (request, _) => ValueTask.FromResult(FakeEngine.Refuse(request, code, "why"));

        var failure = await Assert.ThrowsAsync<RpcException>(() => server.Client.ModelInferAsync(Messages.Raw("UINT8", [1], [7]), cancellationToken: Stop).ResponseAsync);

        var status = failure.GetRpcStatus()!;
        Assert.Equal(isRetryable ? 1 : null, status.GetDetail<RetryInfo>()?.RetryDelay.Seconds);
        Assert.Null(status.GetDetail<BadRequest>());
        Assert.Null(status.GetDetail<RequestInfo>());
        Assert.Empty(status.GetDetail<ErrorInfo>().Metadata);
    }

    [Fact]
    public async Task Error_OfAnotherRpc_HasDetailsToo()
    {
        await using var server = await RpcServer.StartAsync();
        var failure = await Assert.ThrowsAsync<RpcException>(() => server.Client.ModelMetadataAsync(new ModelMetadataRequest { Name = "nothing" }, cancellationToken: Stop).ResponseAsync);
        Assert.Equal("NOT_FOUND", failure.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task Error_AsTheStatusOfAStream_HasDetailsToo()
    {
        await using var server = await RpcServer.StartAsync();
        server.Engine.Handler = static (request, _) =>
        {
            request.Dispose();
            return ValueTask.FromResult(InferenceOutcome.FailureOfAccepted(new InferenceError(ErrorCode.Unavailable, "why")));
        };
        using var stream = server.Client.ModelStreamInfer(new Metadata { { "triton_grpc_error", "true" } }, cancellationToken: Stop);
        await stream.RequestStream.WriteAsync(Messages.Raw("UINT8", [1], [7]), Stop);

        var failure = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Stop));

        Assert.Equal("UNAVAILABLE", failure.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    [Theory]
    [InlineData('x', true)]
    [InlineData('%', true)]
    [InlineData('界', false)]
    public async Task Error_OfAnyLength_KeepsItsTextAndDropsTheDetailsFirst(char letter, bool hasDetails)
    {
        await using var server = await RpcServer.StartAsync();
        var text = new string(letter, 100_000);
        server.Engine.Handler = (request, _) =>
        {
            request.Dispose();
            return ValueTask.FromResult(InferenceOutcome.Failure(new InferenceError(ErrorCode.InvalidArgument, text) { Subject = text, Expected = text, Actual = text }));
        };

        var failure = await Assert.ThrowsAsync<RpcException>(() => server.Client.ModelInferAsync(Messages.Raw("UINT8", [1], [7]), cancellationToken: Stop).ResponseAsync);

        Assert.Equal(text[..RpcErrorMapping.MaxMessageLength] + "…", failure.Status.Detail);
        Assert.Equal(hasDetails, failure.GetRpcStatus() is not null);
        var trailers = Uri.EscapeDataString(failure.Status.Detail).Length + failure.Trailers.Where(static entry => entry.IsBinary).Sum(static entry => (entry.ValueBytes.Length + 2) / 3 * 4);
        Assert.InRange(trailers, RpcErrorMapping.MaxMessageLength, RpcProblem.MaxTrailerBytes);
    }

    [Fact]
    public void Restriction_InDetails_TellsItselfFromAServerThatIsBusy()
    {
        var text = RpcProblem.Encode(new InferenceError(ErrorCode.PermissionDenied, "restricted") { Expected = "x-key" }, StatusCode.Unavailable, "restricted");
        var status = Google.Rpc.Status.Parser.ParseFrom(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '=')));
        Assert.Equal((int)StatusCode.Unavailable, status.Code);
        Assert.Equal(("PERMISSION_DENIED", "x-key"), (status.GetDetail<ErrorInfo>().Reason, status.GetDetail<ErrorInfo>().Metadata["expected"]));
        Assert.Null(status.GetDetail<RetryInfo>());
    }
}

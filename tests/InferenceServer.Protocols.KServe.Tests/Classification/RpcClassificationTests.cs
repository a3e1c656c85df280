using Grpc.Core;
using Inference;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Xunit;
using static Inference.ModelInferRequest.Types;

namespace InferenceServer.Protocols.KServe.Tests.Classification;

public sealed class RpcClassificationTests
{
    [Fact]
    public async Task ModelInfer_Classes_AreAnOutputOfStrings()
    {
        await using var server = await RpcServer.StartAsync();
        var response = await server.Client.ModelInferAsync(Request(new InferParameter { Int64Param = 2 }), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("BYTES", response.Outputs[0].Datatype);
        Assert.Equal([1L, 2L], response.Outputs[0].Shape);
        Assert.Equal(Messages.Strings("4.000000:3", "2.500000:0"), response.RawOutputContents[0].ToByteArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task ModelInfer_CountBelowOne_IsRefused(long count)
    {
        await using var server = await RpcServer.StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.ModelInferAsync(Request(new InferParameter { Int64Param = count }), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("classification", error.Status.Detail, StringComparison.Ordinal);
    }

    private static ModelInferRequest Request(InferParameter classes)
    {
        var request = Messages.Raw("FP32", [1, 4], Messages.Bytes(2.5f, 0f, -1f, 4f));
        request.Outputs.Add(new InferRequestedOutputTensor { Name = "IN", Parameters = { ["classification"] = classes } });
        return request;
    }
}

using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Statistics;

public sealed class RpcStatisticsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ModelStatistics_FullReport_HasEveryNumberInItsPlace()
    {
        await using var server = await RpcServer.StartAsync();
        server.Control.Reports = [Reports.Full];

        var response = await server.Client.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "echo", Version = "3" }, cancellationToken: Token);

        // The same as over HTTP, but for names and for numbers, which this form writes as text.
        var json = new System.Buffers.ArrayBufferWriter<byte>();
        InferenceServer.Protocols.KServe.Statistics.StatisticsJsonWriter.Write(json, server.Control.Reports);
        Assert.Equal(JsonParser.Default.Parse<ModelStatisticsResponse>(System.Text.Encoding.UTF8.GetString(json.WrittenSpan)), response);
        Assert.Equal(50UL, response.ModelStats[0].MemoryUsage[2].ByteSize);
    }

    [Fact]
    public async Task ModelStatistics_NoName_IsForEveryModel()
    {
        await using var server = await RpcServer.StartAsync();
        server.Control.Reports = [new("a", 1), new("b", 2)];

        var response = await server.Client.ModelStatisticsAsync(new ModelStatisticsRequest(), cancellationToken: Token);

        Assert.Equal(["a 1", "b 2"], response.ModelStats.Select(static model => $"{model.Name} {model.Version}"));
    }

    [Fact]
    public async Task ModelStatistics_UnknownModel_IsAnInvalidArgument()
    {
        await using var server = await RpcServer.StartAsync();

        var failure = await Assert.ThrowsAsync<RpcException>(() => server.Client.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "nothing", Version = "2" }, cancellationToken: Token).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Equal("requested model 'nothing' version '2' is not available", failure.Status.Detail);
    }
}

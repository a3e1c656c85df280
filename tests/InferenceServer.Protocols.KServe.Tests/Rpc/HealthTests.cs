using Grpc.Core;
using Grpc.Health.V1;
using Xunit;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

public sealed class HealthTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", true, ServingStatus.Serving)]
    [InlineData("", false, ServingStatus.NotServing)]
    [InlineData("inference.GRPCInferenceService", true, ServingStatus.Serving)]
    [InlineData("inference.GRPCInferenceService", false, ServingStatus.NotServing)]
    [InlineData("echo", true, ServingStatus.Serving)]
    [InlineData("loading", true, ServingStatus.NotServing)]
    public async Task Check_KnownName_TellsItsStatus(string service, bool ready, ServingStatus expected)
    {
        await using var server = await RpcServer.StartAsync();
        server.Control.Ready = ready;

        var response = await new Health.HealthClient(server.Channel).CheckAsync(new HealthCheckRequest { Service = service }, cancellationToken: Stop);

        Assert.Equal(expected, response.Status);
    }

    [Fact]
    public async Task Check_UnknownName_IsNotFound()
    {
        await using var server = await RpcServer.StartAsync();

        var failure = await Assert.ThrowsAsync<RpcException>(() => new Health.HealthClient(server.Channel).CheckAsync(new HealthCheckRequest { Service = "no.such.Service" }, cancellationToken: Stop).ResponseAsync);

        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
        Assert.Contains("no.such.Service", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readiness_ComesWhileTheQuestionIsHeldUp_IsSeen()
    {
        await using var server = await RpcServer.StartAsync();
        server.Control.Ready = false;
        server.Control.DuringProbeHold = () => server.Control.Ready = true;
        Assert.Equal(ServingStatus.Serving, (await new Health.HealthClient(server.Channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Stop)).Status);
        server.Control.Ready = false;
        Assert.True((await server.Client.ServerReadyAsync(new Inference.ServerReadyRequest(), cancellationToken: Stop)).Ready);

        server.Control.DuringProbeHold = () => server.Control.KnownModel = "later";
        Assert.True((await server.Client.ModelReadyAsync(new Inference.ModelReadyRequest { Name = "later" }, cancellationToken: Stop)).Ready);
        server.Control.KnownModel = "echo";
        Assert.Equal(ServingStatus.Serving, (await new Health.HealthClient(server.Channel).CheckAsync(new HealthCheckRequest { Service = "later" }, cancellationToken: Stop)).Status);
    }

    [Fact]
    public async Task Watch_ReadinessChanges_EachChangeIsTold()
    {
        await using var server = await RpcServer.StartAsync();
        server.Control.Ready = false;
        using var watch = new Health.HealthClient(server.Channel).Watch(new HealthCheckRequest(), cancellationToken: Stop);

        Assert.Equal(ServingStatus.NotServing, await NextAsync(watch));
        server.Time.Advance(TimeSpan.FromSeconds(1));
        server.Control.Ready = true;
        server.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ServingStatus.Serving, await NextAsync(watch));
    }

    [Fact]
    public async Task Watch_UnknownModel_IsToldAndThenFollowed()
    {
        await using var server = await RpcServer.StartAsync();
        using var watch = new Health.HealthClient(server.Channel).Watch(new HealthCheckRequest { Service = "later" }, cancellationToken: Stop);

        Assert.Equal(ServingStatus.ServiceUnknown, await NextAsync(watch));
        server.Control.KnownModel = "later";
        server.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ServingStatus.Serving, await NextAsync(watch));
    }

    [Fact]
    public async Task Watch_ServerStops_EndsAndDoesNotHoldItUp()
    {
        await using var server = await RpcServer.StartAsync();
        using var watch = new Health.HealthClient(server.Channel).Watch(new HealthCheckRequest(), cancellationToken: Stop);
        Assert.Equal(ServingStatus.Serving, await NextAsync(watch));

        var stopping = server.StopAsync();

        Assert.Equal(ServingStatus.NotServing, await NextAsync(watch));
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(Stop))).StatusCode);
        await stopping.WaitAsync(TimeSpan.FromSeconds(20), Stop);
    }

    private static async Task<ServingStatus> NextAsync(AsyncServerStreamingCall<HealthCheckResponse> watch)
    {
        Assert.True(await watch.ResponseStream.MoveNext(Stop).WaitAsync(TimeSpan.FromSeconds(30), Stop));
        return watch.ResponseStream.Current.Status;
    }
}

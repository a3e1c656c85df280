using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Tracing;

public sealed class RpcTraceSettingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("echo")]
    public async Task TraceSetting_OfNothing_ShowsAll(string model)
    {
        await using var server = await RpcServer.StartAsync();
        var settings = (await server.Client.TraceSettingAsync(new TraceSettingRequest { ModelName = model }, cancellationToken: Token)).Settings;
        Assert.Equal(
            ["log_frequency=5", "trace_count=3", "trace_file=traces.json", "trace_level=TIMESTAMPS,TENSORS", "trace_mode=triton", "trace_rate=7"],
            settings.Select(static pair => $"{pair.Key}={string.Join(',', pair.Value.Value)}").Order(StringComparer.Ordinal));
        Assert.Null(server.Control.Traces.LastUpdate);
    }

    [Fact]
    public async Task TraceSetting_SetsOrClearsWhatItNames()
    {
        await using var server = await RpcServer.StartAsync();
        var request = new TraceSettingRequest { ModelName = "echo" };
        Add(request, "trace_level", "TIMESTAMPS", "TENSORS");
        Add(request, "trace_rate", "9");
        Add(request, "trace_count");
        Add(request, "trace_file");
        await server.Client.TraceSettingAsync(request, cancellationToken: Token);
        Assert.Equal(new TraceSettingsUpdate { Levels = new(TraceLevels.Timestamps | TraceLevels.Tensors), Rate = new(9), Count = new(null) }, server.Control.Traces.LastUpdate);
        Assert.Equal("echo", server.Control.Traces.LastModel);
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument, "trace_rate", "1", "2")]
    [InlineData(StatusCode.InvalidArgument, "trace_count", "1", "2")]
    [InlineData(StatusCode.InvalidArgument, "log_frequency", "1", "2")]
    [InlineData(StatusCode.InvalidArgument, "trace_count", "-2")]
    [InlineData(StatusCode.InvalidArgument, "trace_rate", "")]
    [InlineData(StatusCode.InvalidArgument, "trace_level", "OFF", "TENSORS")]
    [InlineData(StatusCode.InvalidArgument, "trace_level", "MUCH")]
    [InlineData(StatusCode.InvalidArgument, "nonsense")]
    [InlineData(StatusCode.Unimplemented, "trace_file", "x")]
    public async Task TraceSetting_ThatIsWrong_ChangesNothingAndNamesIt(StatusCode expected, string name, params string[] values)
    {
        await using var server = await RpcServer.StartAsync();
        var request = new TraceSettingRequest();
        Add(request, name, values);
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.TraceSettingAsync(request, cancellationToken: Token));
        Assert.Equal(expected, failure.StatusCode);
        Assert.Contains($"'{name}'", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Null(server.Control.Traces.LastUpdate);
    }

    [Fact]
    public async Task TraceSetting_ThatTheServerRefuses_IsToldWhy()
    {
        await using var server = await RpcServer.StartAsync();
        server.Control.Traces.Refusal = new InferenceError(ErrorCode.InvalidArgument, "there is no file");
        var request = new TraceSettingRequest();
        Add(request, "trace_rate", "5");
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.TraceSettingAsync(request, cancellationToken: Token));
        Assert.Equal((StatusCode.InvalidArgument, "there is no file"), (failure.StatusCode, failure.Status.Detail));
    }

    [Fact]
    public async Task TraceSetting_OfAnUnknownModel_IsNotFound()
    {
        await using var server = await RpcServer.StartAsync();
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.TraceSettingAsync(new TraceSettingRequest { ModelName = "nothing" }, cancellationToken: Token));
        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
    }

    private static void Add(TraceSettingRequest request, string name, params string[] values) =>
        request.Settings[name] = new TraceSettingRequest.Types.SettingValue { Value = { values } };
}

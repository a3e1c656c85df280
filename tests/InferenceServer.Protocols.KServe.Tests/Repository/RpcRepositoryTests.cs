using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Repository;

public sealed class RpcRepositoryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Index_ShowsWhatIsKnown()
    {
        await using var server = await RpcServer.StartAsync();
        var index = await server.Client.RepositoryIndexAsync(new RepositoryIndexRequest { Ready = true }, cancellationToken: Cancellation);
        Assert.Equal(["a 2 READY ", "b   ", "c 1 UNAVAILABLE unloaded", "d 1 UNLOADING ", "e 7 LOADING ", "f  UNAVAILABLE it is \"broken\""], index.Models.Select(static model => $"{model.Name} {model.Version} {model.State} {model.Reason}"));
        Assert.Equal(["list True"], server.Control.Repository.Asked);
    }

    [Fact]
    public async Task Load_HandsTheOverrideOn()
    {
        await using var server = await RpcServer.StartAsync();
        await server.Client.RepositoryModelLoadAsync(
            new RepositoryModelLoadRequest
            {
                ModelName = "m",
                Parameters = { ["config"] = new() { StringParam = "{}" }, ["file:1/model.onnx"] = new() { BytesParam = ByteString.CopyFromUtf8("hello") } },
            },
            cancellationToken: Cancellation);
        Assert.Equal("{}"u8, server.Control.Repository.Replacement!.Config.Span);
        Assert.Equal("hello"u8, server.Control.Repository.Replacement.Files["1/model.onnx"].Span);
        await server.Client.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "m", Parameters = { ["unload_dependents"] = new() { BoolParam = true }, ["other"] = new() { Int64Param = 1 } } }, cancellationToken: Cancellation);
        Assert.Equal(["load m", "unload m"], server.Control.Repository.Asked);
    }

    public static TheoryData<string, ModelRepositoryParameter, string> WrongParameters => new()
    {
        { "config", new() { BoolParam = true }, "'config'" },
        { "config", new(), "no value" },
        { "file:1/model.onnx", new() { StringParam = "AAAA" }, "bytes_param" },
        { "colour", new() { StringParam = "red" }, "unrecognized load parameter 'colour'" },
        { "file:1/model.onnx", new() { BytesParam = ByteString.Empty }, "'config' must be specified" },
    };

    [Theory]
    [MemberData(nameof(WrongParameters), DisableDiscoveryEnumeration = true)]
    public async Task WrongParameter_IsToldAndNothingIsAsked(string name, ModelRepositoryParameter value, string words)
    {
        await using var server = await RpcServer.StartAsync();
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "m", Parameters = { [name] = value } }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Contains(words, failure.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(server.Control.Repository.Asked);
    }

    [Fact]
    public async Task WrongKindOfUnloadDependents_IsTold()
    {
        await using var server = await RpcServer.StartAsync();
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "m", Parameters = { ["unload_dependents"] = new() { Int64Param = 1 } } }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Contains("'unload_dependents'", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NamedRepository_IsNotSupported()
    {
        await using var server = await RpcServer.StartAsync();
        var client = server.Client;
        AsyncUnaryCall<RepositoryIndexResponse> Index() => client.RepositoryIndexAsync(new RepositoryIndexRequest { RepositoryName = "main" }, cancellationToken: Cancellation);
        AsyncUnaryCall<RepositoryModelLoadResponse> Load() => client.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { RepositoryName = "main" }, cancellationToken: Cancellation);
        AsyncUnaryCall<RepositoryModelUnloadResponse> Unload() => client.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { RepositoryName = "main" }, cancellationToken: Cancellation);
        Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(async () => await Index())).StatusCode);
        Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(async () => await Load())).StatusCode);
        Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(async () => await Unload())).StatusCode);
    }

    [Fact]
    public async Task RefusedByTheServer_HasItsStatus()
    {
        await using var server = await RpcServer.StartAsync();
        server.Control.Repository.Answer = new InferenceError(ErrorCode.Unavailable, "not here");
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "m" }, cancellationToken: Cancellation));
        Assert.Equal((StatusCode.Unavailable, "not here"), (failure.StatusCode, failure.Status.Detail));
    }
}

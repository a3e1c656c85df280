using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using InferenceServer.Testing.SharedMemory;
using Xunit;
using static Inference.ModelInferRequest.Types;

namespace InferenceServer.Protocols.KServe.Tests.SharedMemory;

public sealed class RpcSharedMemoryTests : IAsyncLifetime
{
    private readonly SharedMemoryFile _file = new([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    private RpcServer _server = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await RpcServer.StartAsync(new KServeRpcOptions { MaxReceiveMessageBytes = 1024 });
        Assert.Null(_server.Regions.RegisterSystem("r", _file.Key, 0, 16));
    }

    public async ValueTask DisposeAsync()
    {
        using (_file)
        {
            await _server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Regions_AreRegisteredListedAndUnregistered()
    {
        var register = new SystemSharedMemoryRegisterRequest { Name = "s", Key = _file.Key, ByteSize = 8 };
        await _server.Client.SystemSharedMemoryRegisterAsync(register, cancellationToken: Stop);
        Assert.Equal((StatusCode.AlreadyExists, "shared memory region 's' already in manager"), await FailAsync(_server.Client.SystemSharedMemoryRegisterAsync(register, cancellationToken: Stop)));
        var all = (await _server.Client.SystemSharedMemoryStatusAsync(new(), cancellationToken: Stop)).Regions;
        Assert.Equal(["r", "s"], all.Keys.Order());
        var one = (await _server.Client.SystemSharedMemoryStatusAsync(new() { Name = "s" }, cancellationToken: Stop)).Regions;
        Assert.Equal(new() { Name = "s", Key = _file.Key, ByteSize = 8 }, one["s"]);
        await _server.Client.SystemSharedMemoryUnregisterAsync(new() { Name = "s" }, cancellationToken: Stop);
        await _server.Client.SystemSharedMemoryUnregisterAsync(new() { Name = "s" }, cancellationToken: Stop);
        Assert.Equal((StatusCode.NotFound, "Unable to find system shared memory region: 's'"), await FailAsync(_server.Client.SystemSharedMemoryStatusAsync(new() { Name = "s" }, cancellationToken: Stop)));
        await _server.Client.SystemSharedMemoryUnregisterAsync(new(), cancellationToken: Stop);
        Assert.Empty((await _server.Client.SystemSharedMemoryStatusAsync(new(), cancellationToken: Stop)).Regions);
    }

    [Fact]
    public async Task ModelInfer_InAndOut_HasAnEmptyRawEntry()
    {
        var response = await _server.Client.ModelInferAsync(new() { ModelName = "echo", Inputs = { Input(0, 4) }, Outputs = { Output(8, 4) } }, cancellationToken: Stop);
        Assert.Equal(new ModelInferResponse.Types.InferOutputTensor { Name = "IN", Datatype = "UINT8", Shape = { 4 } }, Assert.Single(response.Outputs));
        Assert.True(Assert.Single(response.RawOutputContents).IsEmpty);
        Assert.Equal([1, 2, 3, 4], _file.Read(8, 4));
    }

    [Fact]
    public async Task ModelInfer_BesideRawInputs_TakesNoSlotOfThem()
    {
        var message = new ModelInferRequest
        {
            ModelName = "echo",
            Inputs = { Messages.Input("UINT8", [1], name: "FIRST"), Input(0, 4), Messages.Input("UINT8", [2], name: "LAST") },
            RawInputContents = { ByteString.CopyFrom(70), ByteString.CopyFrom(80, 81) },
        };
        var response = await _server.Client.ModelInferAsync(message, cancellationToken: Stop);
        Assert.Equal<byte[]>([[70], [1, 2, 3, 4], [80, 81]], response.RawOutputContents.Select(static raw => raw.ToByteArray()));

        message.RawInputContents.RemoveAt(1);
        var (code, text) = await FailAsync(_server.Client.ModelInferAsync(message, cancellationToken: Stop));
        Assert.Equal(StatusCode.InvalidArgument, code);
        Assert.Contains("unable to find data for input tensor 'LAST'", text, StringComparison.Ordinal);
        message.RawInputContents.Add([ByteString.CopyFrom(80, 81), ByteString.CopyFrom(90)]);
        (_, text) = await FailAsync(_server.Client.ModelInferAsync(message, cancellationToken: Stop));
        Assert.Contains("raw_input_contents has 3 entries for the 2 inputs", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelInfer_BesideTypedInputs_IsTakenToo()
    {
        var message = new ModelInferRequest { ModelName = "echo", Inputs = { Messages.Input("UINT8", [1], new() { UintContents = { 70 } }, "FIRST"), Input(0, 4) } };
        var response = await _server.Client.ModelInferAsync(message, cancellationToken: Stop);
        Assert.Equal<byte[]>([[70], [1, 2, 3, 4]], response.RawOutputContents.Select(static raw => raw.ToByteArray()));
    }

    [Fact]
    public async Task ModelInfer_PlaceThatIsNotThere_IsRefusedByTensor()
    {
        foreach (var (offset, byteSize, words) in new[] { (16L, 1L, "Invalid offset for shared memory region: 'r'"), (15, 2, "Invalid offset + byte size for shared memory region: 'r'"), (0, 1025, "1024 bytes") })
        {
            var (code, text) = await FailAsync(_server.Client.ModelInferAsync(new() { ModelName = "echo", Inputs = { Input(offset, byteSize) } }, cancellationToken: Stop));
            Assert.Equal(StatusCode.InvalidArgument, code);
            Assert.Contains(words, text, StringComparison.Ordinal);
            Assert.Contains("input 'IN'", text, StringComparison.Ordinal);
        }

        var (_, tooSmall) = await FailAsync(_server.Client.ModelInferAsync(new() { ModelName = "echo", Inputs = { Input(0, 4) }, Outputs = { Output(0, 3) } }, cancellationToken: Stop));
        Assert.Equal("shared memory size specified with the request for output 'IN' (3 bytes) should be at least 4 bytes to hold the results", tooSmall);
        Assert.Equal([1, 2, 3, 4], _file.Read(0, 4));
    }

    [Fact]
    public async Task ModelInfer_Fails_LetsTheRegionGo()
    {
        _server.Engine.Handler = static (request, _) => ValueTask.FromResult(FakeEngine.Refuse(request, ErrorCode.Unavailable, "full"));
        await FailAsync(_server.Client.ModelInferAsync(new() { ModelName = "echo", Inputs = { Input(0, 4) }, Outputs = { Output(8, 4) } }, cancellationToken: Stop));
        await FailAsync(_server.Client.ModelInferAsync(new() { ModelName = "echo", Inputs = { Messages.Input("UINT8", [1]) }, Outputs = { Output(8, 4) } }, cancellationToken: Stop));
        Assert.Null(_server.Regions.Unregister(SharedMemoryKind.System, "r"));
        Assert.Equal(1, OpenDescriptors());
    }

    [Fact]
    public async Task ModelStreamInfer_InAndOut_IsWrittenAndLetGo()
    {
        using var call = _server.Client.ModelStreamInfer(cancellationToken: Stop);
        await call.RequestStream.WriteAsync(new() { ModelName = "echo", Id = "1", Inputs = { Input(0, 4) }, Outputs = { Output(8, 4) } }, Stop);
        await call.RequestStream.WriteAsync(new() { ModelName = "echo", Id = "2", Inputs = { Input(4, 4) }, Outputs = { Output(12, 3) } }, Stop);
        await call.RequestStream.WriteAsync(new() { ModelName = "echo", Id = "3", Inputs = { Input(99, 4) }, Outputs = { Output(12, 4) } }, Stop);
        await call.RequestStream.CompleteAsync();
        var answers = new List<ModelStreamInferResponse>();
        await foreach (var answer in call.ResponseStream.ReadAllAsync(Stop))
        {
            answers.Add(answer);
        }

        Assert.Equal(3, answers.Count);
        Assert.Equal("", answers[0].ErrorMessage);
        Assert.True(Assert.Single(answers[0].InferResponse.RawOutputContents).IsEmpty);
        Assert.Equal([1, 2, 3, 4, 0, 0, 0, 0], _file.Read(8, 8));
        Assert.Contains("(3 bytes)", answers[1].ErrorMessage, StringComparison.Ordinal);
        Assert.Contains("Invalid offset", answers[2].ErrorMessage, StringComparison.Ordinal);
        Assert.Null(_server.Regions.Unregister(SharedMemoryKind.System, "r"));
        Assert.Equal(1, OpenDescriptors());
    }

    private static InferInputTensor Input(long offset, long byteSize)
    {
        var input = Messages.Input("UINT8", [byteSize]);
        Place(input.Parameters, offset, byteSize);
        return input;
    }

    private static InferRequestedOutputTensor Output(long offset, long byteSize)
    {
        var output = new InferRequestedOutputTensor { Name = "IN" };
        Place(output.Parameters, offset, byteSize);
        return output;
    }

    private static void Place(Google.Protobuf.Collections.MapField<string, InferParameter> parameters, long offset, long byteSize)
    {
        parameters["shared_memory_region"] = new() { StringParam = "r" };
        parameters["shared_memory_byte_size"] = new() { Int64Param = byteSize };
        parameters["shared_memory_offset"] = new() { Int64Param = offset };
    }

    private static async Task<(StatusCode Code, string Text)> FailAsync<T>(AsyncUnaryCall<T> call)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        return (failure.StatusCode, failure.Status.Detail);
    }

    /// <summary>Those that lead to the object; one is the test's own.</summary>
    private int OpenDescriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(descriptor => new FileInfo(descriptor).LinkTarget == _file.FullPath);
}

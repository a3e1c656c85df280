using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Xunit;
using static Inference.ModelInferRequest.Types;

namespace InferenceServer.Protocols.KServe.Tests.SharedMemory;

/// <summary>Memory of devices over gRPC, with a driver that keeps it in the machine's.</summary>
public sealed class RpcCudaTests : IAsyncLifetime
{
    private RpcServer _server = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await RpcServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Regions_AreRegisteredListedAndUnregistered()
    {
        await RegisterAsync("a", 8, device: 1);
        await RegisterAsync("b", 64);
        var all = (await _server.Client.CudaSharedMemoryStatusAsync(new(), cancellationToken: Stop)).Regions;
        Assert.Equal(["a", "b"], all.Keys.Order());
        var one = (await _server.Client.CudaSharedMemoryStatusAsync(new() { Name = "a" }, cancellationToken: Stop)).Regions;
        Assert.Equal(new() { Name = "a", DeviceId = 1, ByteSize = 8 }, Assert.Single(one).Value);
        Assert.Empty((await _server.Client.SystemSharedMemoryStatusAsync(new(), cancellationToken: Stop)).Regions);
        Assert.Equal((StatusCode.NotFound, "The region named 'a' is registered as CUDA shared memory, not system shared memory"), await FailAsync(_server.Client.SystemSharedMemoryStatusAsync(new() { Name = "a" }, cancellationToken: Stop)));
        Assert.Equal((StatusCode.NotFound, "Unable to find cuda shared memory region: 'c'"), await FailAsync(_server.Client.CudaSharedMemoryStatusAsync(new() { Name = "c" }, cancellationToken: Stop)));
        await _server.Client.SystemSharedMemoryUnregisterAsync(new(), cancellationToken: Stop);
        await _server.Client.CudaSharedMemoryUnregisterAsync(new() { Name = "a" }, cancellationToken: Stop);
        Assert.Single((await _server.Client.CudaSharedMemoryStatusAsync(new(), cancellationToken: Stop)).Regions);
        await _server.Client.CudaSharedMemoryUnregisterAsync(new(), cancellationToken: Stop);
        Assert.Empty((await _server.Client.CudaSharedMemoryStatusAsync(new(), cancellationToken: Stop)).Regions);
        AssertNothingHeld();
    }

    [Fact]
    public async Task Register_Wrong_IsRefusedInWords()
    {
        var (_, handle) = _server.Driver.Allocate(8);
        await RegisterAsync("taken", 8);
        foreach (var (request, code, words) in new[]
        {
            (new CudaSharedMemoryRegisterRequest { Name = "", RawHandle = ByteString.CopyFrom(handle), ByteSize = 8 }, StatusCode.InvalidArgument, "region name"),
            (new() { Name = "taken", RawHandle = ByteString.CopyFrom(handle), ByteSize = 8 }, StatusCode.AlreadyExists, "shared memory region 'taken' already in manager"),
            (new() { Name = "r", ByteSize = 8 }, StatusCode.InvalidArgument, "64 bytes, got 0"),
            (new() { Name = "r", RawHandle = ByteString.CopyFrom([.. handle, 0]), ByteSize = 8 }, StatusCode.InvalidArgument, "64 bytes, got 65"),
            (new() { Name = "r", RawHandle = ByteString.CopyFrom(new byte[64]), ByteSize = 8 }, StatusCode.InvalidArgument, "CUDA_ERROR_INVALID_HANDLE"),
            (new() { Name = "r", RawHandle = ByteString.CopyFrom(handle), ByteSize = 0 }, StatusCode.InvalidArgument, "above 0"),
            (new() { Name = "r", RawHandle = ByteString.CopyFrom(handle), ByteSize = 9 }, StatusCode.InvalidArgument, "beyond the end of the allocation"),
            (new() { Name = "r", RawHandle = ByteString.CopyFrom(handle), ByteSize = ulong.MaxValue }, StatusCode.ResourceExhausted, "bytes"),
            (new() { Name = "r", RawHandle = ByteString.CopyFrom(handle), ByteSize = 8, DeviceId = -1 }, StatusCode.InvalidArgument, "got -1"),
            (new() { Name = "r", RawHandle = ByteString.CopyFrom(handle), ByteSize = 8, DeviceId = 1L << 32 }, StatusCode.InvalidArgument, "got 4294967296"),
        })
        {
            var (status, text) = await FailAsync(_server.Client.CudaSharedMemoryRegisterAsync(request, cancellationToken: Stop));
            Assert.Equal(code, status);
            Assert.Contains(words, text, StringComparison.Ordinal);
        }

        Assert.Equal((1, 1, 0), (_server.Driver.Opened, _server.Driver.Retained, _server.Driver.Pushed));
    }

    [Fact]
    public async Task Register_WithoutADriver_SaysWhatIsMissing()
    {
        _server.Driver.Missing = "there is none";
        Assert.Equal(
            (StatusCode.InvalidArgument, "failed to register CUDA shared memory region: 'c', GPUs not supported: there is none"),
            await FailAsync(_server.Client.CudaSharedMemoryRegisterAsync(new() { Name = "c", RawHandle = ByteString.CopyFrom(new byte[64]), ByteSize = 8 }, cancellationToken: Stop)));
        Assert.Empty((await _server.Client.CudaSharedMemoryStatusAsync(new(), cancellationToken: Stop)).Regions);
        await _server.Client.CudaSharedMemoryUnregisterAsync(new(), cancellationToken: Stop);
    }

    [Fact]
    public async Task ModelInfer_InAndOut_HasAnEmptyRawEntry()
    {
        var memory = await RegisterAsync("r", 16);
        new byte[] { 1, 2, 3, 4 }.CopyTo(memory, 0);
        var response = await _server.Client.ModelInferAsync(new() { ModelName = "echo", Inputs = { Input(0, 4) }, Outputs = { Output(8, 4) } }, cancellationToken: Stop);
        Assert.Equal(new ModelInferResponse.Types.InferOutputTensor { Name = "IN", Datatype = "UINT8", Shape = { 4 } }, Assert.Single(response.Outputs));
        Assert.True(Assert.Single(response.RawOutputContents).IsEmpty);
        Assert.Equal([1, 2, 3, 4], memory[8..12]);
    }

    [Fact]
    public async Task ModelInfer_RegionUnregisteredMeanwhile_IsAnsweredAndThenLetsItGo()
    {
        var memory = await RegisterAsync("r", 16);
        memory[0] = 5;
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.Engine.Handler = async (request, _) =>
        {
            came.SetResult();
            await gate.Task;
            return FakeEngine.Echo(request);
        };
        var answer = _server.Client.ModelInferAsync(new() { ModelName = "echo", Inputs = { Input(0, 4) }, Outputs = { Output(8, 4) } }, cancellationToken: Stop).ResponseAsync;
        await came.Task.WaitAsync(TimeSpan.FromSeconds(60), Stop);
        await _server.Client.CudaSharedMemoryUnregisterAsync(new() { Name = "r" }, cancellationToken: Stop);
        Assert.Equal(1, _server.Driver.Opened);
        Assert.Empty((await _server.Client.CudaSharedMemoryStatusAsync(new(), cancellationToken: Stop)).Regions);
        gate.SetResult();
        await answer;
        Assert.Equal(5, memory[8]);

        // A call lets go of its regions when its answer has been sent.
        await _server.StopAsync();
        AssertNothingHeld();
    }

    [Fact]
    public async Task ModelStreamInfer_OfWhichOneCopyFails_AnswersTheOthers()
    {
        var memory = await RegisterAsync("r", 16);
        new byte[] { 1, 2, 3, 4 }.CopyTo(memory, 0);
        using var call = _server.Client.ModelStreamInfer(cancellationToken: Stop);
        await AskAsync("1", Output(4, 4));
        Assert.Equal("", await ReadAsync());
        _server.Driver.Fail("cuMemcpyHtoD", 700);
        await AskAsync("2", Output(8, 4));
        Assert.Contains("cuMemcpyHtoD answered CUDA_ERROR_ILLEGAL_ADDRESS", await ReadAsync(), StringComparison.Ordinal);
        _server.Driver.Fail("cuMemcpyHtoD", 0);
        await AskAsync("3", Output(12, 4));
        Assert.Equal("", await ReadAsync());
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Stop));
        Assert.Equal([1, 2, 3, 4, 0, 0, 0, 0, 1, 2, 3, 4], memory[4..]);
        await _server.Client.CudaSharedMemoryUnregisterAsync(new(), cancellationToken: Stop);
        await _server.StopAsync();
        AssertNothingHeld();

        Task AskAsync(string id, InferRequestedOutputTensor output) => call.RequestStream.WriteAsync(new() { ModelName = "echo", Id = id, Inputs = { Input(0, 4) }, Outputs = { output } }, Stop);

        async Task<string> ReadAsync()
        {
            Assert.True(await call.ResponseStream.MoveNext(Stop));
            return call.ResponseStream.Current.ErrorMessage;
        }
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

    private async Task<byte[]> RegisterAsync(string name, int size, long device = 0)
    {
        var (memory, handle) = _server.Driver.Allocate(size);
        await _server.Client.CudaSharedMemoryRegisterAsync(new() { Name = name, RawHandle = ByteString.CopyFrom(handle), DeviceId = device, ByteSize = (ulong)size }, cancellationToken: Stop);
        return memory;
    }

    private void AssertNothingHeld() => Assert.Equal((0, 0, 0), (_server.Driver.Opened, _server.Driver.Retained, _server.Driver.Pushed));
}

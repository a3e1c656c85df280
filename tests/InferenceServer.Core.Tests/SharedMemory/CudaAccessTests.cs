using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Logging;
using Xunit;

namespace InferenceServer.Core.Tests.SharedMemory;

/// <summary>Tensors that go to devices and come from them, and regions that come and go meanwhile.</summary>
public sealed class CudaAccessTests
{
    [Fact]
    public void Part_OfARegion_IsCopiedByTheseCalls()
    {
        using var test = new SharedMemoryTest();
        var memory = test.RegisterCuda("r", 100, device: 1);
        new byte[] { 1, 2, 3, 4 }.CopyTo(memory, 10);
        test.Driver.TakeCalls();
        Assert.Equal([1, 2, 3, 4], test.Read("r", 10, 4));
        Assert.Equal(["cuCtxPushCurrent(111)", "cuMemcpyDtoH(0x70000000000a, 4)", "cuCtxPopCurrent()"], test.Driver.TakeCalls());

        using var claim = test.Claim("r", 20, 8);
        using var tensor = Tensor(test, 7, 8, 9);
        Assert.Empty(test.Driver.TakeCalls());
        Assert.Null(claim.Write(tensor));
        Assert.Equal([7, 8, 9, 0], memory[20..24]);
        Assert.Equal(["cuCtxPushCurrent(111)", "cuMemcpyHtoD(0x700000000014, 3)", "cuStreamSynchronize(0)", "cuCtxPopCurrent()"], test.Driver.TakeCalls());
    }

    [Fact]
    public void Part_OfNoBytes_NeedsNoDriver()
    {
        using var test = new SharedMemoryTest();
        test.RegisterCuda("r", 8);
        test.Driver.TakeCalls();
        Assert.Empty(test.Read("r", 7, 0));
        using var claim = test.Claim("r", 0, 0);
        using var tensor = Tensor(test);
        Assert.Null(claim.Write(tensor));
        Assert.Empty(test.Driver.TakeCalls());
    }

    [Theory]
    [InlineData("r", 100, 1, "Invalid offset for shared memory region: 'r'")]
    [InlineData("r", 99, 2, "Invalid offset + byte size for shared memory region: 'r'")]
    [InlineData("r", 1, long.MaxValue, "Invalid offset + byte size for shared memory region: 'r'")]
    [InlineData("r", long.MaxValue, long.MaxValue, "Invalid offset for shared memory region: 'r'")]
    public void Part_ThatIsNotWithinTheRegion_IsRefusedBeforeTheDriver(string region, long offset, long byteSize, string message)
    {
        using var test = new SharedMemoryTest();

        // The allocation is longer than what was registered of it.
        var (_, handle) = test.Driver.Allocate(200);
        Assert.Null(test.Registry.RegisterCuda("r", handle, 0, 100));
        test.Driver.TakeCalls();
        Assert.StartsWith(message, test.ReadError(region, offset, byteSize).Message, StringComparison.Ordinal);
        Assert.False(test.Registry.TryClaim(new SharedMemoryRange(region, offset, byteSize), out _, out var error));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.Empty(test.Driver.TakeCalls());
    }

    [Theory]
    [InlineData("cuCtxPushCurrent", 201, ErrorCode.Internal)]
    [InlineData("cuMemcpyDtoH", 700, ErrorCode.Internal)]
    [InlineData("cuMemcpyDtoH", 2, ErrorCode.ResourceExhausted)]
    public void Read_ThatFails_IsAnErrorOfItsOwn(string function, int result, ErrorCode code)
    {
        using var test = new SharedMemoryTest();
        test.RegisterCuda("r", 8)[0] = 5;
        test.Driver.Fail(function, result);
        var error = test.ReadError("r", 0, 8);
        Assert.Equal(code, error.Code);
        Assert.StartsWith($"shared memory region 'r' cannot be read: {function} answered CUDA_ERROR_", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, test.Driver.Pushed);
        test.Driver.Fail(function, 0);
        Assert.Equal([5], test.Read("r", 0, 1));
    }

    [Theory]
    [InlineData("cuCtxPushCurrent", 201, ErrorCode.Internal)]
    [InlineData("cuMemcpyHtoD", 700, ErrorCode.Internal)]
    [InlineData("cuMemcpyHtoD", 2, ErrorCode.ResourceExhausted)]
    [InlineData("cuStreamSynchronize", 700, ErrorCode.Internal)]
    public void Write_ThatFails_IsAnErrorOfItsOwn(string function, int result, ErrorCode code)
    {
        using var test = new SharedMemoryTest();
        var memory = test.RegisterCuda("r", 8);
        using var claim = test.Claim("r", 0, 8);
        using var tensor = Tensor(test, 6);
        test.Driver.Fail(function, result);
        var error = claim.Write(tensor);
        Assert.Equal(code, error!.Code);
        Assert.StartsWith($"shared memory region 'r' cannot be written: {function} answered CUDA_ERROR_", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, test.Driver.Pushed);
        test.Driver.Fail(function, 0);
        Assert.Null(claim.Write(tensor));
        Assert.Equal(6, memory[0]);
    }

    [Fact]
    public void Region_UnregisteredWhileClaimed_IsClosedWithTheLastClaim()
    {
        using var test = new SharedMemoryTest();
        var old = test.RegisterCuda("r", 100);
        var first = test.Claim("r", 0, 4);
        var second = test.Claim("r", 96, 4);
        test.Driver.TakeCalls();
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, "r"));
        Assert.Empty(test.Driver.TakeCalls());
        Assert.Equal(ErrorCode.NotFound, test.ReadError("r", 0, 1).Code);

        // The same name again is another region, of another size; the claims keep to theirs.
        var other = test.RegisterCuda("r", 8);
        Assert.StartsWith("Invalid offset", test.ReadError("r", 96, 4).Message, StringComparison.Ordinal);
        using var tensor = Tensor(test, 1, 2);
        Assert.Null(first.Write(tensor));
        first.Dispose();
        first.Dispose();
        Assert.Null(second.Write(tensor));
        Assert.Equal([1, 2], old[96..98]);
        Assert.Equal(new byte[8], other);
        Assert.Equal(2, test.Driver.Opened);
        test.Driver.TakeCalls();
        second.Dispose();
        Assert.Equal(["cuCtxPushCurrent(110)", "cuIpcCloseMemHandle(0x700000000000)", "cuCtxPopCurrent()", "cuDevicePrimaryCtxRelease(10)"], test.Driver.TakeCalls());
    }

    [Fact]
    public void Shutdown_ClosesWhatIsRegistered_AndWhatIsClaimedWithItsClaim()
    {
        using var test = new SharedMemoryTest();
        test.RegisterCuda("a", 8);
        test.RegisterCuda("b", 8, device: 1);
        var claim = test.Claim("b", 0, 8);
        test.Registry.Dispose();
        Assert.Equal((1, 1), (test.Driver.Opened, test.Driver.Retained));
        claim.Dispose();
        Assert.Equal((0, 0), (test.Driver.Opened, test.Driver.Retained));
    }

    [Theory]
    [InlineData("cuCtxPushCurrent", "cuCtxPushCurrent answered CUDA_ERROR_ILLEGAL_ADDRESS")]
    [InlineData("cuIpcCloseMemHandle", "cuIpcCloseMemHandle answered CUDA_ERROR_ILLEGAL_ADDRESS")]
    [InlineData("cuDevicePrimaryCtxRelease", "cuDevicePrimaryCtxRelease answered CUDA_ERROR_ILLEGAL_ADDRESS")]
    public void Closing_ThatFails_IsLoggedWithoutTheName(string function, string words)
    {
        var log = new ListLogger();
        var test = new SharedMemoryTest(logger: log);
        test.RegisterCuda("its-name", 8);
        test.Driver.Fail(function, 700);
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, "its-name"));
        var said = Assert.Single(log.Warnings);
        Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.DoesNotContain("its-name", said, StringComparison.Ordinal);

        // Whatever failed, the context is given back, and the name is free.
        Assert.Equal((0, 0), (test.Driver.Retained, test.Driver.Pushed));
        test.Driver.Fail(function, 0);
        test.RegisterCuda("its-name", 8);
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, ""));

        // Without a context nothing can be closed.
        Assert.Equal(function == "cuCtxPushCurrent" ? 1 : 0, test.Driver.Opened);
        test.Registry.Dispose();
        test.File.Dispose();
        test.Pool.Dispose();
    }

    [Fact]
    public void Clients_ThatRegisterUseAndUnregisterAtOnce_FindTheRegionOrNone()
    {
        using var test = new SharedMemoryTest();
        var (_, small) = test.Driver.Allocate(8);
        var (_, large) = test.Driver.Allocate(64);
        Parallel.For(0, 8, client =>
        {
            for (var i = 0; i < 200; i++)
            {
                var isLarge = (client + i) % 2 == 0;
                var taken = test.Registry.RegisterCuda("r", isLarge ? large : small, client % 2, isLarge ? 64UL : 8UL);
                Assert.True(taken is null or { Code: ErrorCode.AlreadyExists }, taken?.Message);
                var isThere = test.Registry.TryRead(new SharedMemoryRange("r", 0, 8), test.Pool, out var buffer, out var error);
                buffer?.Dispose();
                Assert.True(isThere || error!.Code == ErrorCode.NotFound, error?.Message);

                // Of the small region this is no part.
                if (test.Registry.TryClaim(new SharedMemoryRange("r", 32, 8), out var claim, out error))
                {
                    Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, "r"));
                    using var tensor = Tensor(test, 1, 2, 3);
                    Assert.Null(claim.Write(tensor));
                    claim.Dispose();
                }
                else
                {
                    Assert.True(error.Code is ErrorCode.NotFound or ErrorCode.InvalidArgument, error.Message);
                    Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, ""));
                }
            }
        });
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, ""));
        Assert.Equal((0, 0, 0), (test.Driver.Opened, test.Driver.Retained, test.Driver.Pushed));
    }

    private static TensorView Tensor(SharedMemoryTest test, params byte[] content) => TestTensor.Of<byte>(test.Pool, "T", TensorDataType.UInt8, new TensorShape(content.Length), content);

    private sealed class ListLogger : ILogger<SharedMemoryRegistry>
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
            {
                Warnings.Add(formatter(state, exception));
            }
        }
    }
}

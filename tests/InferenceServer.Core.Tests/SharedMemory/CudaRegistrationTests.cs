using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.SharedMemory;
using Xunit;

namespace InferenceServer.Core.Tests.SharedMemory;

/// <summary>Which calls of the driver a registration makes, in which order, and what is left when one of them fails.</summary>
public sealed class CudaRegistrationTests
{
    private static readonly string[] s_prepared = ["load", "cuInit(0)", "cuDeviceGetCount()"];

    [Fact]
    public void Registration_MakesTheseCalls()
    {
        using var test = new SharedMemoryTest();
        var (_, handle) = test.Driver.Allocate(100);
        Assert.Null(test.Registry.RegisterCuda("r", handle, 1, 100));
        string[] opened =
        [
            "cuDeviceGet(1)", "cuDevicePrimaryCtxRetain(11)", "cuCtxPushCurrent(111)",
            "cuIpcOpenMemHandle(01FE..C1C0, 1)", "cuMemGetAddressRange(0x700000000000)", "cuCtxPopCurrent()",
        ];
        Assert.Equal([.. s_prepared, .. opened], test.Driver.TakeCalls());

        // The driver is initialised once; the same allocation may be registered again, and is open twice.
        Assert.Null(test.Registry.RegisterCuda("again", handle, 1, 50));
        Assert.Equal(opened, test.Driver.TakeCalls());
        Assert.Equal((2, 2, 0), (test.Driver.Opened, test.Driver.Retained, test.Driver.Pushed));

        Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, "r"));
        Assert.Equal(["cuCtxPushCurrent(111)", "cuIpcCloseMemHandle(0x700000000000)", "cuCtxPopCurrent()", "cuDevicePrimaryCtxRelease(11)"], test.Driver.TakeCalls());
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, "r"));
        Assert.Empty(test.Driver.TakeCalls());
    }

    [Fact]
    public void Registered_IsListedAsOfItsKind()
    {
        using var test = new SharedMemoryTest();
        test.Register("sys");
        test.RegisterCuda("b", 10, device: 1);
        test.RegisterCuda("a", 20);
        Assert.Equal([new("a", "", 0, 20) { Device = 0 }, new("b", "", 0, 10) { Device = 1 }], List(SharedMemoryKind.Cuda, ""));
        Assert.Equal(["b"], List(SharedMemoryKind.Cuda, "b").Select(static region => region.Name));
        Assert.Equal(["sys"], List(SharedMemoryKind.System, "").Select(static region => region.Name));
        foreach (var (kind, name, message) in new[]
        {
            (SharedMemoryKind.Cuda, "none", "Unable to find cuda shared memory region: 'none'"),
            (SharedMemoryKind.Cuda, "sys", "The region named 'sys' is registered as system shared memory, not CUDA shared memory"),
            (SharedMemoryKind.System, "a", "The region named 'a' is registered as CUDA shared memory, not system shared memory"),
        })
        {
            Assert.False(test.Registry.TryList(kind, name, out _, out var error));
            Assert.Equal((ErrorCode.NotFound, message), (error.Code, error.Message));
        }

        // What is of one kind is not unregistered by the other.
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.System, "a"));
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, "sys"));
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.System, ""));
        Assert.Equal(2, test.Driver.Opened);
        Assert.Empty(List(SharedMemoryKind.System, ""));
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, ""));
        Assert.Empty(List(SharedMemoryKind.Cuda, ""));
        Assert.Equal((0, 0), (test.Driver.Opened, test.Driver.Retained));

        IEnumerable<SharedMemoryRegion> List(SharedMemoryKind kind, string name)
        {
            Assert.True(test.Registry.TryList(kind, name, out var regions, out _));
            return regions;
        }
    }

    [Theory]
    [InlineData("cuInit", 100, ErrorCode.InvalidArgument, "GPUs not supported: cuInit answered CUDA_ERROR_NO_DEVICE (no CUDA-capable device is detected)", "load cuInit(0)")]
    [InlineData("cuDeviceGetCount", 999, ErrorCode.InvalidArgument, "GPUs not supported: cuDeviceGetCount answered the unknown error 999", "load cuInit(0) cuDeviceGetCount()")]
    [InlineData("cuDeviceGet", 1, ErrorCode.InvalidArgument, "'r': cuDeviceGet answered CUDA_ERROR_INVALID_VALUE (invalid argument)", "PREPARED cuDeviceGet(0)")]
    [InlineData("cuDevicePrimaryCtxRetain", 2, ErrorCode.ResourceExhausted, "'r': cuDevicePrimaryCtxRetain answered CUDA_ERROR_OUT_OF_MEMORY (out of memory)", "PREPARED cuDeviceGet(0) cuDevicePrimaryCtxRetain(10)")]
    [InlineData("cuCtxPushCurrent", 201, ErrorCode.InvalidArgument, "'r': cuCtxPushCurrent answered CUDA_ERROR_INVALID_CONTEXT", "PREPARED cuDeviceGet(0) cuDevicePrimaryCtxRetain(10) cuCtxPushCurrent(110) cuDevicePrimaryCtxRelease(10)")]
    [InlineData("cuIpcOpenMemHandle", 400, ErrorCode.InvalidArgument, "'r': cuIpcOpenMemHandle answered CUDA_ERROR_INVALID_HANDLE", "PREPARED cuDeviceGet(0) cuDevicePrimaryCtxRetain(10) cuCtxPushCurrent(110) OPEN cuCtxPopCurrent() cuDevicePrimaryCtxRelease(10)")]
    [InlineData("cuMemGetAddressRange", 1, ErrorCode.InvalidArgument, "'r': cuMemGetAddressRange answered CUDA_ERROR_INVALID_VALUE", "PREPARED cuDeviceGet(0) cuDevicePrimaryCtxRetain(10) cuCtxPushCurrent(110) OPEN RANGE CLOSE cuCtxPopCurrent() cuDevicePrimaryCtxRelease(10)")]
    public void Registration_OfWhichACallFails_LeavesNothing(string function, int result, ErrorCode code, string message, string calls)
    {
        using var test = new SharedMemoryTest();
        var (_, handle) = test.Driver.Allocate(8);
        test.Driver.Fail(function, result);
        var error = test.Registry.RegisterCuda("r", handle, 0, 8);
        Assert.Equal(code, error!.Code);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(Expand(calls), string.Join(' ', test.Driver.TakeCalls()));
        Assert.Equal((0, 0, 0), (test.Driver.Opened, test.Driver.Retained, test.Driver.Pushed));

        // The name is free, and nothing that failed is remembered.
        test.Driver.Fail(function, 0);
        Assert.Null(test.Registry.RegisterCuda("r", handle, 0, 8));
    }

    [Theory]
    [InlineData(0, 101UL)]
    [InlineData(0, (ulong)long.MaxValue)]
    [InlineData(40, 61UL)]
    public void Size_BeyondTheAllocation_IsRefusedAndTheAllocationClosed(int lead, ulong byteSize)
    {
        using var test = new SharedMemoryTest(new SharedMemoryOptions { AllowClients = true, MaxBytes = long.MaxValue });
        test.Driver.Lead = lead;
        var (_, handle) = test.Driver.Allocate(100);
        var error = test.Registry.RegisterCuda("r", handle, 0, byteSize);
        Assert.Equal(ErrorCode.InvalidArgument, error!.Code);
        Assert.Contains("reaches beyond the end of the allocation", error.Message, StringComparison.Ordinal);
        Assert.Equal((0, 0, 0), (test.Driver.Opened, test.Driver.Retained, test.Driver.Pushed));
        Assert.Null(test.Registry.RegisterCuda("r", handle, 0, (ulong)(100 - lead)));
    }

    [Theory]
    [InlineData("", 64, 8UL, ErrorCode.InvalidArgument, "region name")]
    [InlineData("r", 0, 8UL, ErrorCode.InvalidArgument, "'raw_handle' must be a cudaIpcMemHandle_t of 64 bytes, got 0")]
    [InlineData("r", 63, 8UL, ErrorCode.InvalidArgument, "64 bytes, got 63")]
    [InlineData("r", 65, 8UL, ErrorCode.InvalidArgument, "64 bytes, got 65")]
    [InlineData("r", 64, 0UL, ErrorCode.InvalidArgument, "'byte_size' must be above 0")]
    [InlineData("r", 64, 101UL, ErrorCode.ResourceExhausted, "more than 108")]
    [InlineData("r", 64, ulong.MaxValue, ErrorCode.ResourceExhausted, "more than 108")]
    [InlineData("sys", 64, 8UL, ErrorCode.AlreadyExists, "shared memory region 'sys' already in manager")]
    public void Registration_ThatIsWrongOnItsFace_DoesNotEvenLoadTheDriver(string name, int handle, ulong byteSize, ErrorCode code, string message)
    {
        using var test = new SharedMemoryTest(new SharedMemoryOptions { AllowClients = true, MaxBytes = 108, MaxRegions = 2 });
        test.Register("sys", 0, 8);
        var error = test.Registry.RegisterCuda(name, new byte[handle], 0, byteSize);
        Assert.Equal(code, error!.Code);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Empty(test.Driver.Calls);
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(2L)]
    [InlineData(1L << 32)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Device_ThatIsNotThere_IsRefused(long device)
    {
        using var test = new SharedMemoryTest();
        var (_, handle) = test.Driver.Allocate(8);
        var error = test.Registry.RegisterCuda("r", handle, device, 8);
        Assert.Equal((ErrorCode.InvalidArgument, "device_id"), (error!.Code, error.Subject));
        Assert.Contains($"from 0 to 1, got {device}", error.Message, StringComparison.Ordinal);
        Assert.Equal(s_prepared, test.Driver.Calls);
    }

    [Fact]
    public void Driver_ThatIsMissing_IsNamedAndLookedForAgain()
    {
        using var test = new SharedMemoryTest();
        test.Driver.Missing = "the library is not on this machine";
        var (_, handle) = test.Driver.Allocate(8);
        for (var i = 0; i < 2; i++)
        {
            var error = test.Registry.RegisterCuda("r", handle, 0, 8);
            Assert.Equal((ErrorCode.InvalidArgument, "failed to register CUDA shared memory region: 'r', GPUs not supported: the library is not on this machine"), (error!.Code, error.Message));
            Assert.Equal(["load"], test.Driver.TakeCalls());
        }

        test.Driver.Missing = null;
        test.Driver.Count = 0;
        Assert.Contains("GPUs not supported: the driver finds no device", test.Registry.RegisterCuda("r", handle, 0, 8)!.Message, StringComparison.Ordinal);
        test.Driver.Count = 1;
        Assert.Null(test.Registry.RegisterCuda("r", handle, 0, 8));
    }

    [Fact]
    public void Name_TakenWhileTheDriverOpensTheAllocation_IsRefusedAndTheAllocationClosed()
    {
        using var test = new SharedMemoryTest();
        var (_, handle) = test.Driver.Allocate(8);

        // The registry is not locked while the driver works: another client registers meanwhile, on another thread.
        test.Driver.Before = function =>
        {
            if (function == "cuMemGetAddressRange")
            {
                test.Driver.Before = null;
                var other = new Thread(() => test.Register("r"));
                other.Start();
                other.Join();
            }
        };
        var error = test.Registry.RegisterCuda("r", handle, 0, 8);
        Assert.Equal(ErrorCode.AlreadyExists, error!.Code);
        Assert.Equal((0, 0, 0), (test.Driver.Opened, test.Driver.Retained, test.Driver.Pushed));
        Assert.True(test.Registry.TryList(SharedMemoryKind.System, "r", out _, out _));
    }

    [Fact]
    public void Limits_AreThoseOfAllRegionsTogether()
    {
        using var test = new SharedMemoryTest(new SharedMemoryOptions { AllowClients = true, MaxRegions = 2, MaxBytes = 100 });
        test.Register("sys", 0, 60);
        var (_, handle) = test.Driver.Allocate(64);
        Assert.Equal(ErrorCode.ResourceExhausted, test.Registry.RegisterCuda("a", handle, 0, 41)!.Code);
        Assert.Null(test.Registry.RegisterCuda("a", handle, 0, 40));
        Assert.Contains("2 regions", test.Registry.RegisterCuda("b", handle, 0, 1)!.Message, StringComparison.Ordinal);
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.Cuda, ""));
        Assert.Null(test.Registry.RegisterCuda("b", handle, 0, 40));
    }

    private static string Expand(string calls) => calls
        .Replace("PREPARED", string.Join(' ', s_prepared), StringComparison.Ordinal)
        .Replace("OPEN", "cuIpcOpenMemHandle(01FE..C1C0, 1)", StringComparison.Ordinal)
        .Replace("RANGE", "cuMemGetAddressRange(0x700000000000)", StringComparison.Ordinal)
        .Replace("CLOSE", "cuIpcCloseMemHandle(0x700000000000)", StringComparison.Ordinal);
}

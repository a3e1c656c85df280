using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Cuda;
using InferenceServer.Core.Memory;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Testing.Cuda;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Cuda;

/// <summary>The calls as they are made: their names, their arguments and how these are passed, with a library that is compiled from C.</summary>
public sealed unsafe class CudaDriverTests
{
    [Fact]
    public void Region_OfALibrary_IsOpenedReadWrittenAndClosed()
    {
        using var library = new HostCudaLibrary();
        using var memory = new CudaAllocation(library.FullPath, 10_000);
        var pool = new TensorPool(new TensorPoolOptions());
        var registry = Registry(library.FullPath);
        var handle = memory.MakeHandle();
        memory.Write([1, 2, 3, 4], 5000);

        // It is not opened by the process that has it.
        var own = registry.RegisterCuda("own", handle, 0, 10_000);
        Assert.Equal("failed to register CUDA shared memory region 'own': cuIpcOpenMemHandle answered CUDA_ERROR_INVALID_CONTEXT (words for it)", own!.Message);

        var open = NativeLibrary.Load(library.FullPath);
        fixed (byte* raw = handle)
        {
            ((delegate* unmanaged[Cdecl]<byte*, void>)NativeLibrary.GetExport(open, "test_disown"))(raw);
        }

        Assert.Null(registry.RegisterCuda("r", handle, 1, 10_000));
        Assert.Equal(1, Ask("test_opened"));
        Assert.True(registry.TryRead(new SharedMemoryRange("r", 5000, 4), pool, out var buffer, out var error), error?.Message);
        using (buffer)
        {
            Assert.Equal([1, 2, 3, 4], buffer.Span.ToArray());
        }

        Assert.True(registry.TryClaim(new SharedMemoryRange("r", 9997, 3), out var claim, out error), error?.Message);
        using (claim)
        using (var tensor = TestTensor.Of<byte>(pool, "T", TensorDataType.UInt8, new TensorShape(3), [7, 8, 9]))
        {
            Assert.Null(claim.Write(tensor));
            Assert.Equal([7, 8, 9], memory.Read(9997, 3));
        }

        Assert.Contains("beyond the end of the allocation", registry.RegisterCuda("long", handle, 0, 10_001)!.Message, StringComparison.Ordinal);
        Assert.Contains("from 0 to 1, got 2", registry.RegisterCuda("device", handle, 2, 8)!.Message, StringComparison.Ordinal);

        // One wrong byte, wherever in the handle, is noticed by the library: all of them come through.
        foreach (var place in new[] { 8, 31, 55, 63 })
        {
            handle[place] ^= 1;
            Assert.Contains("CUDA_ERROR_INVALID_HANDLE", registry.RegisterCuda("wrong", handle, 0, 8)!.Message, StringComparison.Ordinal);
            handle[place] ^= 1;
        }

        registry.Dispose();
        Assert.Equal((0, 1, 0), (Ask("test_opened"), Ask("test_retained"), Ask("test_depth")));
        Assert.Equal(0, pool.RentedBuffers);
        pool.Dispose();

        int Ask(string name) => ((delegate* unmanaged[Cdecl]<int>)NativeLibrary.GetExport(open, name))();
    }

    [Fact]
    public void Errors_OfALibrary_AreReadByTheirNames()
    {
        using var library = new HostCudaLibrary();
        var driver = new CudaDriver(library.FullPath);
        Assert.Throws<InvalidOperationException>(() => driver.Init(0));
        Assert.Null(driver.Load());
        Assert.Null(driver.Load());
        Assert.Equal((CudaResult)1, driver.Init(5));
        Assert.Equal("cuInit answered CUDA_ERROR_INVALID_VALUE (words for it)", CudaFailure.Of(driver, "cuInit", (CudaResult)1)!.ToString());
        Assert.Equal("cuInit answered the unknown error -7", CudaFailure.Of(driver, "cuInit", (CudaResult)(-7))!.ToString());
        Assert.Null(CudaFailure.Of(driver, "cuInit", CudaResult.Success));
    }

    [Fact]
    public void Library_WithoutAFunction_IsRefusedByTheFunctionsName()
    {
        using var library = new HostCudaLibrary("WITHOUT_ADDRESS_RANGE");
        using var registry = Registry(library.FullPath);
        var error = registry.RegisterCuda("r", new byte[64], 0, 8);
        Assert.Equal((ErrorCode.InvalidArgument, "failed to register CUDA shared memory region: 'r', GPUs not supported: the library libcuda.so.1 on this machine has no function cuMemGetAddressRange_v2; install a driver for CUDA 11 or later"), (error!.Code, error.Message));
    }

    [Fact]
    public void Library_ThatIsMissingOrNone_IsNamed()
    {
        using var folder = new TemporaryDirectory();
        foreach (var name in new[] { "libcuda-that-nobody-has.so.1", folder.Write("libcuda.so.1", "no library") })
        {
            using var registry = Registry(name);
            var error = registry.RegisterCuda("r", new byte[64], 0, 8);
            Assert.Equal((ErrorCode.InvalidArgument, "failed to register CUDA shared memory region: 'r', GPUs not supported: the library libcuda.so.1 of NVIDIA's driver is not on this machine"), (error!.Code, error.Message));
        }
    }

    private static SharedMemoryRegistry Registry(string library) =>
        new(new SharedMemoryOptions { AllowClients = true }, NullLogger<SharedMemoryRegistry>.Instance) { Cuda = new CudaDriver(library) };
}

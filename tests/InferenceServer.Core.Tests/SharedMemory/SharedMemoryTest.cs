using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Memory;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Tests.Cuda;
using InferenceServer.Testing.SharedMemory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.SharedMemory;

/// <summary>A registry, an object of three pages and a driver of CUDA. Disposing it proves that neither tensor memory nor memory of a device was kept.</summary>
internal sealed class SharedMemoryTest : IDisposable
{
    public SharedMemoryTest(SharedMemoryOptions? options = null, ILogger<SharedMemoryRegistry>? logger = null) =>
        Registry = new SharedMemoryRegistry(options ?? new SharedMemoryOptions { AllowClients = true }, logger ?? NullLogger<SharedMemoryRegistry>.Instance) { Cuda = Driver };

    public static ulong Page { get; } = (ulong)Environment.SystemPageSize;

    public SharedMemoryRegistry Registry { get; }

    public RecordingDriver Driver { get; } = new();

    public SharedMemoryFile File { get; } = new(3 * Environment.SystemPageSize);

    public TensorPool Pool { get; } = new(new TensorPoolOptions());

    /// <summary>How many descriptors of this process lead to the object, without the test's own.</summary>
    public int OpenDescriptors => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(IsObject) - 1;

    public void Register(string name, ulong offset = 0, ulong? byteSize = null) => Assert.Null(Registry.RegisterSystem(name, File.Key, offset, byteSize ?? ((3 * Page) - offset)));

    /// <summary>Registers an allocation, which it makes; returns its memory.</summary>
    public byte[] RegisterCuda(string name, int size, long device = 0)
    {
        var (memory, handle) = Driver.Allocate(size);
        Assert.Null(Registry.RegisterCuda(name, handle, device, (ulong)size));
        return memory;
    }

    public byte[] Read(string region, long offset, long byteSize)
    {
        Assert.True(Registry.TryRead(new SharedMemoryRange(region, offset, byteSize), Pool, out var buffer, out var error), error?.Message);
        using (buffer)
        {
            Assert.Equal(byteSize, buffer.Length);
            return buffer.Span.ToArray();
        }
    }

    public InferenceError ReadError(string region, long offset, long byteSize)
    {
        Assert.False(Registry.TryRead(new SharedMemoryRange(region, offset, byteSize), Pool, out var buffer, out var error));
        Assert.Null(buffer);
        return error;
    }

    public SharedMemoryClaim Claim(string region, long offset, long byteSize)
    {
        Assert.True(Registry.TryClaim(new SharedMemoryRange(region, offset, byteSize), out var claim, out var error), error?.Message);
        return claim;
    }

    public void Dispose()
    {
        Registry.Dispose();
        Assert.Equal((0, 0, 0), (Driver.Opened, Driver.Retained, Driver.Pushed));
        File.Dispose();
        Assert.Equal(0, Pool.RentedBuffers);
        Pool.Dispose();
    }

    private bool IsObject(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget == File.FullPath;
        }
        catch (IOException)
        {
            // It was closed meanwhile.
            return false;
        }
    }
}

using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Cuda;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.SharedMemory;

/// <summary>The regions that clients have registered. Requests look into a snapshot without a lock; registering takes turns.</summary>
internal sealed class SharedMemoryRegistry(SharedMemoryOptions options, ILogger<SharedMemoryRegistry> logger) : ISharedMemoryControl, ISharedMemoryTensors, IDisposable
{
    /// <summary>The most bytes that a region's name may have.</summary>
    public const int MaxNameLength = 1024;

    private readonly Lock _writer = new();
    private volatile ImmutableSortedDictionary<string, RegisteredRegion> _regions = ImmutableSortedDictionary.Create<string, RegisteredRegion>(StringComparer.Ordinal);
    private readonly CudaDevices _devices = new(new CudaDriver(CudaDriver.LibraryName));
    private long _bytes;

    /// <summary>The driver of CUDA devices: that of this machine, unless a test has its own.</summary>
    public ICudaDriver Cuda
    {
        get => _devices.Driver;
        init => _devices = new CudaDevices(value);
    }

    public InferenceError? Refusal =>
        !options.AllowClients ? SharedMemoryErrors.Disabled()
        : !SharedMemoryObject.IsSupported ? SharedMemoryErrors.Platform()
        : null;

    public InferenceError? RegisterSystem(string name, string key, ulong offset, ulong byteSize)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(key);
        if (Refusal is { } refusal)
        {
            return refusal;
        }

        InferenceError? error;
        lock (_writer)
        {
            error = CheckName(name) ?? CheckPart(name, key, offset, byteSize) ?? Open(name, key, (long)offset, (long)byteSize);
        }

        if (error is null)
        {
            SharedMemoryLog.Registered(logger, (long)byteSize, _regions.Count);
        }

        return error;
    }

    public InferenceError? RegisterCuda(string name, ReadOnlySpan<byte> handle, long device, ulong byteSize)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Refusal is { } refusal)
        {
            return refusal;
        }

        if (CheckCuda(name, handle, byteSize) is { } problem)
        {
            return problem;
        }

        // A driver that makes a context takes its time, in which others may register too.
        if (!CudaMemory.TryOpen(_devices, new CudaRegistration(name, CudaMemoryHandle.Of(handle), device, byteSize), logger, out var memory, out var error))
        {
            return error;
        }

        lock (_writer)
        {
            error = CheckName(name) ?? CheckBytes(name, byteSize);
            if (error is null)
            {
                Add(new SharedMemoryRegion(name, "", 0, (long)byteSize) { Device = (int)device }, memory);
            }
        }

        if (error is null)
        {
            SharedMemoryLog.RegisteredCuda(logger, (long)byteSize, device, _regions.Count);
        }
        else
        {
            memory.Release();
        }

        return error;
    }

    public bool TryList(SharedMemoryKind kind, string name, out ImmutableArray<SharedMemoryRegion> regions, [NotNullWhen(false)] out InferenceError? error)
    {
        ArgumentNullException.ThrowIfNull(name);
        error = null;
        regions = [];
        var all = _regions;
        if (name.Length == 0)
        {
            regions = [.. all.Values.Select(static entry => entry.Region).Where(region => region.Kind == kind)];
        }
        else if (!all.TryGetValue(name, out var entry))
        {
            error = SharedMemoryErrors.UnknownOfKind(kind, name);
        }
        else if (entry.Region.Kind != kind)
        {
            error = SharedMemoryErrors.IsOfOtherKind(kind, name);
        }
        else
        {
            regions = [entry.Region];
        }

        return error is null;
    }

    public InferenceError? Unregister(SharedMemoryKind kind, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Refusal is { } refusal)
        {
            return refusal;
        }

        var removed = Remove(region => region.Kind == kind && (name.Length == 0 || region.Name == name));
        SharedMemoryLog.Unregistered(logger, removed, _regions.Count);
        return null;
    }

    public bool TryRead(in SharedMemoryRange range, ITensorAllocator allocator, [NotNullWhen(true)] out TensorBuffer? buffer, [NotNullWhen(false)] out InferenceError? error)
    {
        ArgumentNullException.ThrowIfNull(allocator);
        buffer = null;
        if (!TryAcquire(range, out var entry, out error))
        {
            return false;
        }

        TensorBuffer? rented = null;
        try
        {
            rented = allocator.Rent(range.ByteSize);
            error = entry.Memory.Read(range.Region, entry.Region.Offset + range.Offset, rented);
            if (error is null)
            {
                (buffer, rented) = (rented, null);
                return true;
            }

            return false;
        }
        finally
        {
            rented?.Dispose();
            entry.Memory.Release();
        }
    }

    public bool TryClaim(in SharedMemoryRange range, [NotNullWhen(true)] out SharedMemoryClaim? claim, [NotNullWhen(false)] out InferenceError? error)
    {
        claim = TryAcquire(range, out var entry, out error) ? new SharedMemoryClaim(entry.Memory, range.Region, entry.Region.Offset + range.Offset, range.ByteSize) : null;
        return claim is not null;
    }

    public void Dispose() => Remove(static _ => true);

    private InferenceError? CheckName(string name)
    {
        var length = Encoding.UTF8.GetByteCount(name);
        return length == 0 ? SharedMemoryErrors.NoName()
            : length > MaxNameLength ? SharedMemoryErrors.NameTooLong(length, MaxNameLength)
            : _regions.ContainsKey(name) ? SharedMemoryErrors.AlreadyExists(name)
            : _regions.Count >= options.MaxRegions ? SharedMemoryErrors.TooMany(name, options.MaxRegions)
            : null;
    }

    private InferenceError? CheckPart(string name, string key, ulong offset, ulong byteSize) =>
        SharedMemoryKey.Check(key) is { } problem ? SharedMemoryErrors.Key(name, problem)
        : byteSize == 0 ? SharedMemoryErrors.Empty(name)
        : offset > long.MaxValue || byteSize > long.MaxValue - offset ? SharedMemoryErrors.BeyondObject(name, offset, byteSize)
        : CheckBytes(name, byteSize) is { } tooMany ? tooMany
        : offset % (ulong)Environment.SystemPageSize != 0 ? SharedMemoryErrors.Unaligned(name, offset, Environment.SystemPageSize)
        : null;

    private InferenceError? CheckBytes(string name, ulong byteSize) =>
        byteSize > (ulong)(options.MaxBytes - _bytes) ? SharedMemoryErrors.TooManyBytes(name, byteSize, options.MaxBytes) : null;

    /// <summary>What can be said without the driver.</summary>
    private InferenceError? CheckCuda(string name, ReadOnlySpan<byte> handle, ulong byteSize)
    {
        lock (_writer)
        {
            return CheckName(name)
                ?? (handle.Length != CudaMemoryHandle.Size ? CudaErrors.HandleSize(handle.Length) : byteSize == 0 ? CudaErrors.Empty(name) : CheckBytes(name, byteSize));
        }
    }

    private InferenceError? Open(string name, string key, long offset, long byteSize)
    {
        if (!SharedMemoryObject.TryOpen(key, out var memory, out var isExhausted))
        {
            return isExhausted ? SharedMemoryErrors.NoDescriptor(name) : SharedMemoryErrors.CannotOpen(key);
        }

        if (memory.Measure() < offset + byteSize)
        {
            memory.Release();
            return SharedMemoryErrors.BeyondObject(name, (ulong)offset, (ulong)byteSize);
        }

        Add(new SharedMemoryRegion(name, key, offset, byteSize), memory);
        return null;
    }

    private void Add(SharedMemoryRegion region, RegionMemory memory)
    {
        _bytes += region.ByteSize;
        _regions = _regions.Add(region.Name, new RegisteredRegion(region, memory));
    }

    private int Remove(Func<SharedMemoryRegion, bool> isMeant)
    {
        RegisteredRegion[] removed;
        lock (_writer)
        {
            removed = [.. _regions.Values.Where(entry => isMeant(entry.Region))];
            _bytes -= removed.Sum(static entry => entry.Region.ByteSize);
            _regions = _regions.RemoveRange(removed.Select(static entry => entry.Region.Name));
        }

        // To let memory of a device go may take a while.
        foreach (var entry in removed)
        {
            entry.Memory.Release();
        }

        return removed.Length;
    }

    /// <summary>Finds a region and makes the caller an owner of its memory, once the part has been found to be within it.</summary>
    private bool TryAcquire(in SharedMemoryRange range, [NotNullWhen(true)] out RegisteredRegion? entry, [NotNullWhen(false)] out InferenceError? error)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(range.Offset, nameof(range));
        ArgumentOutOfRangeException.ThrowIfNegative(range.ByteSize, nameof(range));
        if (!_regions.TryGetValue(range.Region, out entry))
        {
            error = SharedMemoryErrors.Unknown(range.Region);
            return false;
        }

        var size = entry.Region.ByteSize;
        error = range.Offset >= size ? SharedMemoryErrors.Offset(range, size)
            : range.ByteSize > size - range.Offset ? SharedMemoryErrors.Range(range, size)

            // It was unregistered after the look into the snapshot.
            : !entry.Memory.TryAcquire() ? SharedMemoryErrors.Unknown(range.Region)
            : null;
        return error is null;
    }
}

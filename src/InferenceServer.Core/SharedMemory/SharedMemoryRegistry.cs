using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.SharedMemory;

/// <summary>The regions that clients have registered. Requests look into a snapshot without a lock; registering takes turns.</summary>
internal sealed class SharedMemoryRegistry(SharedMemoryOptions options, ILogger<SharedMemoryRegistry> logger) : ISharedMemoryControl, ISharedMemoryTensors, IDisposable
{
    /// <summary>The most bytes that a region's name may have.</summary>
    public const int MaxNameLength = 1024;

    private readonly Lock _writer = new();
    private volatile ImmutableSortedDictionary<string, RegisteredRegion> _regions = ImmutableSortedDictionary.Create<string, RegisteredRegion>(StringComparer.Ordinal);
    private long _bytes;

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

        lock (_writer)
        {
            var error = CheckName(name) ?? CheckPart(name, key, offset, byteSize) ?? Open(name, key, (long)offset, (long)byteSize);
            if (error is null)
            {
                SharedMemoryLog.Registered(logger, (long)byteSize, _regions.Count);
            }

            return error;
        }
    }

    public InferenceError RegisterCuda(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Refusal ?? (name.Length == 0 ? SharedMemoryErrors.NoName() : SharedMemoryErrors.NoCuda(name));
    }

    public bool TryList(SharedMemoryKind kind, string name, out ImmutableArray<SharedMemoryRegion> regions, [NotNullWhen(false)] out InferenceError? error)
    {
        ArgumentNullException.ThrowIfNull(name);
        error = null;
        regions = [];
        var all = _regions;
        if (name.Length == 0)
        {
            // Every region that there is, is one of the system.
            regions = kind == SharedMemoryKind.System ? [.. all.Values.Select(static entry => entry.Region)] : [];
        }
        else if (!all.TryGetValue(name, out var entry))
        {
            error = SharedMemoryErrors.UnknownOfKind(kind, name);
        }
        else if (kind == SharedMemoryKind.Cuda)
        {
            error = SharedMemoryErrors.IsSystem(name);
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

        if (kind == SharedMemoryKind.System)
        {
            var removed = name.Length == 0 ? RemoveAll() : Remove(name);
            SharedMemoryLog.Unregistered(logger, removed, _regions.Count);
        }

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
            error = entry.Memory.Read(entry.Region.Offset + range.Offset, rented) switch
            {
                SharedMemoryAccess.Done => null,
                SharedMemoryAccess.Shortened => SharedMemoryErrors.Shortened(range.Region),
                _ => SharedMemoryErrors.NotReadable(range.Region),
            };
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

    public void Dispose() => RemoveAll();

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
        : byteSize > (ulong)(options.MaxBytes - _bytes) ? SharedMemoryErrors.TooManyBytes(name, byteSize, options.MaxBytes)
        : offset % (ulong)Environment.SystemPageSize != 0 ? SharedMemoryErrors.Unaligned(name, offset, Environment.SystemPageSize)
        : null;

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

        _bytes += byteSize;
        _regions = _regions.Add(name, new RegisteredRegion(new SharedMemoryRegion(name, key, offset, byteSize), memory));
        return null;
    }

    private int Remove(string name)
    {
        lock (_writer)
        {
            if (!_regions.TryGetValue(name, out var entry))
            {
                return 0;
            }

            _bytes -= entry.Region.ByteSize;
            _regions = _regions.Remove(name);
            entry.Memory.Release();
            return 1;
        }
    }

    private int RemoveAll()
    {
        lock (_writer)
        {
            var all = _regions;
            _regions = all.Clear();
            _bytes = 0;
            foreach (var entry in all.Values)
            {
                entry.Memory.Release();
            }

            return all.Count;
        }
    }

    /// <summary>Finds a region and makes the caller an owner of its object, once the part has been found to be within it.</summary>
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

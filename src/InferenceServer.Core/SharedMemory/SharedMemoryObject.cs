using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using Microsoft.Win32.SafeHandles;

namespace InferenceServer.Core.SharedMemory;

/// <summary>
/// An open POSIX shared memory object: a counted owner of its file descriptor. The object is read and written through the descriptor and
/// never mapped: behind a mapping of an object that its client has shortened there is no memory, and touching it would end the process,
/// while the descriptor answers with a short read or an error.
/// </summary>
internal sealed partial class SharedMemoryObject : RegionMemory
{
    private const int ReadWrite = 2;

    /// <summary>How much is copied by one call: what Linux moves at once is less than 2 GiB.</summary>
    private const int Step = 1 << 30;

    private readonly SafeFileHandle _handle;

    private SharedMemoryObject(SafeFileHandle handle) => _handle = handle;

    /// <summary>True where there are such objects and they can be read and written through a descriptor.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>Opens an object for reading and writing, with a count for the caller.</summary>
    /// <param name="key">Its name, checked (<see cref="SharedMemoryKey"/>).</param>
    /// <param name="opened">The object.</param>
    /// <param name="isExhausted">When it cannot be opened: true when the process or the system has no more file descriptors.</param>
    public static bool TryOpen(string key, [NotNullWhen(true)] out SharedMemoryObject? opened, out bool isExhausted)
    {
        const int NoMemory = 12;
        const int TooManyInSystem = 23;
        const int TooMany = 24;

        // The C library adds that links are not followed, that pipes are not waited for, and that no child inherits the descriptor.
        var descriptor = Open(key, ReadWrite, 0);
        isExhausted = descriptor < 0 && Marshal.GetLastPInvokeError() is NoMemory or TooMany or TooManyInSystem;
        opened = descriptor < 0 ? null : new SharedMemoryObject(new SafeFileHandle(descriptor, ownsHandle: true));
        return opened is not null;
    }

    /// <summary>How long the object is now. What is no regular file (a pipe, a device) has no length, so that no part of it is within it.</summary>
    public long Measure()
    {
        try
        {
            return RandomAccess.GetLength(_handle);
        }
        catch (NotSupportedException)
        {
            return 0;
        }
    }

    public override InferenceError? Read(string region, long offset, TensorBuffer destination)
    {
        try
        {
            for (var filled = 0L; filled < destination.Length;)
            {
                var read = RandomAccess.Read(_handle, destination.Slice(filled, (int)Math.Min(Step, destination.Length - filled)), offset + filled);
                if (read == 0)
                {
                    return SharedMemoryErrors.Shortened(region);
                }

                filled += read;
            }

            return null;
        }
        catch (IOException)
        {
            return SharedMemoryErrors.NotReadable(region);
        }
    }

    public override InferenceError? Write(string region, long offset, in TensorView source)
    {
        // Writing behind the end would make the object long again. It may be shortened between this look and the writing: then it grows, to no
        // more than was registered.
        if (Measure() < offset + source.Length)
        {
            return SharedMemoryErrors.Shortened(region);
        }

        try
        {
            for (var written = 0L; written < source.Length;)
            {
                var part = source.Buffer.Slice(source.Offset + written, (int)Math.Min(Step, source.Length - written));
                RandomAccess.Write(_handle, part, offset + written);
                written += part.Length;
            }

            return null;
        }
        catch (IOException)
        {
            return SharedMemoryErrors.NotWritable(region);
        }
    }

    protected override void Close() => _handle.Dispose();

    private static int Open(string name, int flags, uint mode)
    {
        try
        {
            return OpenInC(name, flags, mode);
        }
        catch (EntryPointNotFoundException)
        {
            // Before version 2.34 of the GNU C library the function was in a library of its own.
            return OpenInRealTime(name, flags, mode);
        }
    }

    [LibraryImport("libc", EntryPoint = "shm_open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenInC(string name, int flags, uint mode);

    [LibraryImport("librt.so.1", EntryPoint = "shm_open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenInRealTime(string name, int flags, uint mode);
}

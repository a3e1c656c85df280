using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace InferenceServer.Bench.SharedMemory;

/// <summary>The calls of the C library for POSIX shared memory, as Linux has them.</summary>
internal static partial class SharedMemoryCalls
{
    private const int ReadWrite = 0x2;
    private const int Create = 0x40;
    private const int Exclusive = 0x80;
    private const uint OwnerOnly = 0x180;

    /// <summary>Makes an object that nobody else may open, and opens it.</summary>
    /// <param name="key">Its name, with a slash in front.</param>
    /// <exception cref="Win32Exception">There is one of that name, or the system refuses.</exception>
    public static SafeFileHandle Make(string key)
    {
        int descriptor;
        try
        {
            descriptor = OpenInC(key, ReadWrite | Create | Exclusive, OwnerOnly);
        }
        catch (EntryPointNotFoundException)
        {
            // Before version 2.34 of the GNU C library the functions were in a library of their own.
            descriptor = OpenInRealTime(key, ReadWrite | Create | Exclusive, OwnerOnly);
        }

        return descriptor < 0 ? throw new Win32Exception(Marshal.GetLastPInvokeError()) : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Takes the name away; whoever has the object open keeps it.</summary>
    /// <exception cref="Win32Exception">There is no such object, or the system refuses.</exception>
    public static void Remove(string key)
    {
        int result;
        try
        {
            result = UnlinkInC(key);
        }
        catch (EntryPointNotFoundException)
        {
            result = UnlinkInRealTime(key);
        }

        if (result < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "shm_open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenInC(string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "shm_unlink", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int UnlinkInC(string name);

    [LibraryImport("librt.so.1", EntryPoint = "shm_open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenInRealTime(string name, int flags, uint mode);

    [LibraryImport("librt.so.1", EntryPoint = "shm_unlink", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int UnlinkInRealTime(string name);
}

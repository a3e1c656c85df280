using System.Runtime.InteropServices;

namespace InferenceServer.Core.Memory;

/// <summary>
/// Memory that comes from the operating system by itself and goes back to it at once. What is freed in the heaps of the C library may stay there, in each of them up to a threshold, and glibc has one for nearly
/// every thread.
/// </summary>
internal static partial class PageMapping
{
    // Of Linux, on every processor that .NET has.
    private const int ReadAndWrite = 0x3;
    private const int PrivateAndAnonymous = 0x22;
    private const nint Failed = -1;

    /// <summary>Whether there is any of it here.</summary>
    public static bool IsSupported { get; } = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    /// <summary>Memory of zeros, at the start of a page; false where there is none.</summary>
    public static bool TryMap(long length, out nint address)
    {
        address = Map(0, (nuint)length, ReadAndWrite, PrivateAndAnonymous, -1, 0);
        return address != Failed;
    }

    /// <summary>Gives it back.</summary>
    public static void Unmap(nint address, long length) => _ = Unmap(address, (nuint)length);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}

using System.Runtime.InteropServices;

namespace InferenceServer.Core.Residency;

/// <summary>
/// Reads what the C library's allocator has handed out, on Linux with glibc: exact to the byte, and untouched by the managed heap, whose size is a
/// matter of when it was collected last. Elsewhere it is what the process holds in memory beside the managed heap.
/// </summary>
internal sealed partial class NativeMemoryMeter : IMemoryMeter
{
    private static volatile bool s_hasNoInfo;

    public long Read()
    {
        if (OperatingSystem.IsLinux() && !s_hasNoInfo)
        {
            try
            {
                var info = MallInfo();
                return (long)(info.InUse + info.Mapped);
            }
            catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
            {
                // Another C library, or one from before 2021.
                s_hasNoInfo = true;
            }
        }

        return Environment.WorkingSet - GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial AllocatorInfo MallInfo();

    /// <summary>glibc's <c>struct mallinfo2</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct AllocatorInfo
    {
        public readonly nuint Arena;
        public readonly nuint FreeChunks;
        public readonly nuint FastChunks;
        public readonly nuint MappedChunks;

        /// <summary>Bytes in blocks that are mapped one by one, as large ones are.</summary>
        public readonly nuint Mapped;
        public readonly nuint MostInUse;
        public readonly nuint FastBytes;

        /// <summary>Bytes in all other blocks that are handed out.</summary>
        public readonly nuint InUse;
        public readonly nuint Free;
        public readonly nuint Trimmable;
    }
}

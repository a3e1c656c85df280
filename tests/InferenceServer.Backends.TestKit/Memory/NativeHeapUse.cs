using System.Runtime.InteropServices;
using Xunit;

namespace InferenceServer.Backends.TestKit.Memory;

/// <summary>How much of the C library's heaps is in use. Unlike the process's memory it does not depend on what the heaps keep for later.</summary>
internal static partial class NativeHeapUse
{
    /// <summary>Bytes in use; skips the test where the C library cannot tell.</summary>
    public static long Bytes()
    {
        try
        {
            var info = Read();
            return checked((long)(info.InUse + info.Mapped));
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            Assert.Skip("the C library does not tell how much memory is in use");
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial Info Read();

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Info
    {
        private readonly nuint _arena;
        private readonly nuint _freeBlocks;
        private readonly nuint _fastBlocks;
        private readonly nuint _mappedBlocks;

        public readonly nuint Mapped;

        private readonly nuint _unused;
        private readonly nuint _fastBytes;

        public readonly nuint InUse;

        private readonly nuint _free;
        private readonly nuint _keep;
    }
}

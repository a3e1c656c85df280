using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Core.Scheduling;

/// <summary>Keeps threads to processors. Linux only: elsewhere no policy says so.</summary>
public static partial class ThreadAffinity
{
    private const int MaskBytes = ProcessorSet.MaxProcessors / 8;

    /// <summary>True where threads can be kept to processors.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>The processors that the calling thread may run on; null where that cannot be told.</summary>
    public static ProcessorSet? Current()
    {
        Span<byte> mask = stackalloc byte[MaskBytes];
        mask.Clear();
        if (!IsSupported || GetAffinity(0, MaskBytes, ref MemoryMarshal.GetReference(mask)) < 0)
        {
            return null;
        }

        var ids = new List<int>();
        for (var id = 0; id < ProcessorSet.MaxProcessors; id++)
        {
            if ((mask[id / 8] & (1 << (id % 8))) != 0)
            {
                ids.Add(id);
            }
        }

        return new ProcessorSet(ids);
    }

    /// <summary>Keeps the calling thread to processors, and with it what native threads it makes. Managed threads that it makes may run where the process may.</summary>
    /// <returns>False when the system does not let it: none of them is the process's.</returns>
    public static bool TryKeepTo(ProcessorSet processors)
    {
        ArgumentNullException.ThrowIfNull(processors);
        Span<byte> mask = stackalloc byte[MaskBytes];
        mask.Clear();
        foreach (var id in processors.Ids)
        {
            mask[id / 8] |= (byte)(1 << (id % 8));
        }

        return IsSupported && SetAffinity(0, MaskBytes, ref MemoryMarshal.GetReference(mask)) == 0;
    }

    // Those of the C library, which return 0 for success. Process 0 is the calling thread. Bits are numbered by bytes, which is the kernel's order on little-endian machines.
    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint length, ref byte mask);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static partial int GetAffinity(int thread, nuint length, ref byte mask);
}

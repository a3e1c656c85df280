using System.Runtime.InteropServices;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>
/// The C library's heap, from which the engine takes its memory. glibc has one for nearly every thread, and gives the free end of one back to the operating system
/// when something in it is freed and the end is longer than a threshold; by itself it raises the threshold to as much as 64 MiB. For runs that is right: they take the same memory
/// again and again. What a load and an unload leave behind would stay, in each of those heaps. Other C libraries have no such calls, and there nothing happens.
/// </summary>
internal static partial class NativeHeap
{
    private const int TrimThreshold = -1;
    private const int MapThreshold = -3;

    /// <summary>While models run: what glibc itself ends at once large blocks have come and gone.</summary>
    private const int RunningThreshold = 64 << 20;

    /// <summary>While a model is loaded or unloaded. A request that runs meanwhile asks the system for memory now and then.</summary>
    private const int ChangingThreshold = 1 << 20;

    /// <summary>Blocks from this size on are mapped one by one: the largest that glibc allows, since mapping costs a run more than taking from a heap.</summary>
    private const int LargestInHeap = 32 << 20;

    private static readonly Lock s_lock = new();
    private static readonly bool s_isOurs = OperatingSystem.IsLinux() && !IsSetFrom(Environment.GetEnvironmentVariable);
    private static int s_changes;

    /// <summary>A model is about to be loaded or unloaded: until the result is disposed, what is free at the end of a heap goes back at once.</summary>
    public static Change BeginChange()
    {
        lock (s_lock)
        {
            if (s_changes++ == 0 && s_isOurs)
            {
                Set(MapThreshold, LargestInHeap);
                Set(TrimThreshold, ChangingThreshold);
            }
        }

        return default;
    }

    /// <summary>True when whoever runs the process has set its thresholds.</summary>
    internal static bool IsSetFrom(Func<string, string?> environment) =>
        environment("MALLOC_TRIM_THRESHOLD_") is { Length: > 0 }
        || environment("MALLOC_MMAP_THRESHOLD_") is { Length: > 0 }
        || environment("GLIBC_TUNABLES")?.Contains("_threshold", StringComparison.Ordinal) == true;

    private static void EndChange()
    {
        lock (s_lock)
        {
            if (--s_changes == 0 && s_isOurs)
            {
                Set(TrimThreshold, RunningThreshold);
            }
        }
    }

    /// <summary>Gives free pages in the middle of the heaps back to the operating system.</summary>
    private static void Trim()
    {
        try
        {
            _ = MallocTrim(0);
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            // A C library other than glibc.
        }
    }

    private static void Set(int parameter, int bytes)
    {
        try
        {
            _ = MallOpt(parameter, bytes);
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            // The same.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint keep);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int MallOpt(int parameter, int value);

    /// <summary>Lasts as long as the load or the unload.</summary>
    internal readonly ref struct Change
    {
        /// <summary>Ends it, and gives back what it has left free.</summary>
        public void Dispose()
        {
            if (OperatingSystem.IsLinux())
            {
                Trim();
            }

            EndChange();
        }
    }
}

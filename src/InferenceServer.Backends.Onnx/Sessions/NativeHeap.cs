using System.Runtime.InteropServices;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>The C library's heap, from which the engine takes its memory.</summary>
internal static partial class NativeHeap
{
    /// <summary>
    /// Gives free pages back to the operating system. Without it glibc keeps most of an unloaded model for later; other C libraries
    /// have no such call, and there nothing happens.
    /// </summary>
    public static void Trim()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = MallocTrim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // A C library other than glibc.
        }
        catch (DllNotFoundException)
        {
            // The same.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint keep);
}

using System.Runtime.InteropServices;

namespace InferenceServer.Bench.Load;

/// <summary>
/// Waits until a time, to some ten microseconds. The waits of the runtime end on whole milliseconds, which is longer than many a model takes, and
/// a request that the generator itself sends late would be counted against the server.
/// </summary>
internal static partial class PreciseWait
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    // How often it is looked whether to stop; how early a sleep ends, as the system wakes sleepers late by about that much.
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_spin = TimeSpan.FromMicroseconds(80);

    /// <returns>False when it was to be sent no more.</returns>
    public static bool Until(long due, LoadControl control, TimeProvider clock)
    {
        while (due < control.End)
        {
            var left = clock.GetElapsedTime(clock.GetTimestamp(), due);
            if (left <= TimeSpan.Zero)
            {
                return true;
            }

            if (left > s_spin)
            {
                Sleep(left - s_spin < s_slice ? left - s_spin : s_slice);
            }
            else
            {
                Thread.SpinWait(20);
            }
        }

        return false;
    }

    private static void Sleep(TimeSpan time)
    {
        if (OperatingSystem.IsWindows())
        {
            // No finer wait there without settings of the whole system.
            using var never = new ManualResetEventSlim();
            never.Wait(time);
            return;
        }

        var whole = (long)time.TotalNanoseconds;
        _ = NanoSleep(new Timespec { Seconds = (nint)(whole / NanosecondsPerSecond), Nanoseconds = (nint)(whole % NanosecondsPerSecond) }, 0);
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(in Timespec time, nint rest);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}

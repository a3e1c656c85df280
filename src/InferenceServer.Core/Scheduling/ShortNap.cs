using System.Runtime.InteropServices;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Waits for a fraction of a millisecond without spinning. Timers and waits of .NET count whole milliseconds; a batching delay of a
/// hundred microseconds would be none, or ten times too long.
/// </summary>
internal static partial class ShortNap
{
    /// <summary>The longest nap. Whoever naps holds no lock and looks again after it, so that an arrival is seen this late at most.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromMicroseconds(100);

    /// <summary>Naps without a lock that the caller holds, and has again when this returns.</summary>
    public static void TakeOutside(object gate, TimeSpan duration)
    {
        Monitor.Exit(gate);
        try
        {
            Take(duration);
        }
        finally
        {
            Monitor.Enter(gate);
        }
    }

    public static void Take(TimeSpan duration)
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
        {
            var nap = duration < Longest ? duration : Longest;
            var time = new TimeSpec { Nanoseconds = (nint)Math.Max(1, nap.TotalNanoseconds) };

            // An early end, by a signal, is as good: the caller looks at the clock.
            _ = Sleep(time, 0);
            return;
        }

        Thread.Yield();
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Sleep(in TimeSpec duration, nint remaining);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}

namespace InferenceServer.Protocols.KServe.Tests;

/// <summary>Counts what this thread allocates from the managed heap.</summary>
internal static class AllocationMeter
{
    private const int Runs = 3;

    [ThreadStatic]
    private static long s_start;

    [ThreadStatic]
    private static long s_counted;

    /// <summary>Counting begins here, where an action wants to leave out what it does before.</summary>
    public static void Start() => s_start = GC.GetAllocatedBytesForCurrentThread();

    /// <summary>Counting ends here.</summary>
    public static void Stop() => s_counted = GC.GetAllocatedBytesForCurrentThread() - s_start;

    /// <summary>The bytes of the thriftiest of some runs, after one that has warmed up the pools; a run within the limit is enough.</summary>
    public static long Measure(Action action, long limit = 0)
    {
        ArgumentNullException.ThrowIfNull(action);
        action();
        var least = long.MaxValue;
        for (var i = 0; i < Runs && least > limit; i++)
        {
            s_counted = -1;
            Start();
            var start = s_start;
            action();
            var all = GC.GetAllocatedBytesForCurrentThread() - start;
            least = Math.Min(least, s_counted < 0 ? all : s_counted);
        }

        return least;
    }
}

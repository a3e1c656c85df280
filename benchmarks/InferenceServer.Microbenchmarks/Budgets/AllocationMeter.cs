using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Budgets;

/// <summary>Measures what one operation allocates on the managed heap. It counts and looks at no clock, so that it says the same on any machine.</summary>
internal static class AllocationMeter
{
    /// <summary>How often a stage is measured at most until the thriftiest is within the limit: until then the compiler is still at work, and pools fill.</summary>
    private const int MostWindows = 20;

    /// <summary>Enough that what comes now and then, as a list that grows, is nothing for each.</summary>
    private const int Operations = 2000;

    /// <summary>The bytes of one operation of a stage that stays on its thread.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="divisor">How many times fewer operations are enough, for one that takes long.</param>
    /// <param name="limit">What is few enough to stop at.</param>
    public static double Measure(IStage stage, int divisor, double limit)
    {
        var operations = Math.Max(1, Operations / divisor);
        var least = double.MaxValue;
        for (var window = 0; window < MostWindows && least > limit; window++)
        {
            var start = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < operations; i++)
            {
                stage.Run();
            }

            least = Math.Min(least, (GC.GetAllocatedBytesForCurrentThread() - start) / (double)operations);
        }

        return least;
    }

    /// <summary>The bytes of one operation of a stage that other threads have a part in: of the whole process, in which nothing else may run.</summary>
    public static async Task<double> MeasureAsync(IAsyncStage stage, int divisor, double limit)
    {
        var operations = Math.Max(1, Operations / divisor);
        var least = double.MaxValue;
        for (var window = 0; window < MostWindows && least > limit; window++)
        {
            var start = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < operations; i++)
            {
                await stage.RunAsync().ConfigureAwait(false);
            }

            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - start) / (double)operations);
        }

        return least;
    }
}

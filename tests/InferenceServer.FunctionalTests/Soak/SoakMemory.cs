using System.Globalization;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>
/// Judges the series of what the process takes. The first third is for warming up; the median of the last third is held against the median of the second: a single round may come just after a collection of all garbage,
/// and has half the heap of the others.
/// </summary>
internal static class SoakMemory
{
    private const double MiB = 1 << 20;

    /// <summary>Everything that has grown and must not have.</summary>
    /// <param name="series">The process after each round.</param>
    /// <param name="isLong">True when there has been time enough for the runtime to have taken what it takes.</param>
    public static List<string> Judge(IReadOnlyList<SoakVitals> series, bool isLong)
    {
        var third = series.Count / 3;
        SoakVitals[] middle = [.. series.Skip(third).Take(third)];
        SoakVitals[] last = [.. series.Skip(series.Count - third)];
        var wrong = new List<string>();
        Hold("resident memory", static one => one.Resident, isLong ? 0.05 : 0, (isLong ? 8 : 192) * MiB);
        Hold("the managed heap", static one => one.Heap, isLong ? 0.05 : 0, (isLong ? 4 : 64) * MiB);
        Hold("open files", static one => one.Files, 0, 16);
        Hold("threads beside those of the pool and of lanes", static one => one.OtherThreads, 0, 8);
        return wrong;

        void Hold(string what, Func<SoakVitals, double> select, double part, double more)
        {
            var (before, after) = (Median(middle, select), Median(last, select));
            if (after > (before * (1 + part)) + more)
            {
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {before:F0} in the second third, {after:F0} in the last, by their medians"));
            }
        }
    }

    private static double Median(SoakVitals[] part, Func<SoakVitals, double> select)
    {
        double[] ordered = [.. part.Select(select).Order()];
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }

    /// <summary>By how much a figure grows with a million requests, after the first third: the line that is nearest to all of them.</summary>
    public static double Slope(IReadOnlyList<SoakVitals> series, Func<SoakVitals, double> select)
    {
        SoakVitals[] rest = [.. series.Skip(series.Count / 3)];
        var (x, y) = (rest.Average(static one => one.Requests / 1e6), rest.Average(select));
        var spread = rest.Sum(one => Math.Pow((one.Requests / 1e6) - x, 2));
        return spread == 0 ? 0 : rest.Sum(one => ((one.Requests / 1e6) - x) * (select(one) - y)) / spread;
    }
}

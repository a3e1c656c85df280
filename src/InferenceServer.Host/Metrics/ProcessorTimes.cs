using System.Globalization;

namespace InferenceServer.Host.Metrics;

/// <summary>How long the machine's processors have been busy and idle since it started, in the kernel's own ticks.</summary>
/// <param name="Idle">Idle, or waiting for a disk.</param>
/// <param name="Total">All of the time.</param>
internal readonly record struct ProcessorTimes(long Idle, long Total)
{
    // user, nice, system, idle, iowait, irq, softirq, steal; what guests take is in user already.
    private const int Columns = 8;
    private const int IdleColumn = 3;
    private const int DiskColumn = 4;

    /// <summary>Reads the first line of <c>/proc/stat</c>; false when it is not of that form.</summary>
    public static bool TryParse(string stat, out ProcessorTimes times)
    {
        times = default;
        var words = stat.Split('\n', 2)[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length <= DiskColumn + 1 || words[0] != "cpu")
        {
            return false;
        }

        var (idle, total) = (0L, 0L);
        for (var i = 0; i < Math.Min(Columns, words.Length - 1); i++)
        {
            if (!long.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks))
            {
                return false;
            }

            total += ticks;
            idle += i is IdleColumn or DiskColumn ? ticks : 0;
        }

        times = new ProcessorTimes(idle, total);
        return true;
    }

    /// <summary>The share of the time since an earlier reading that the processors were busy, from 0 to 1.</summary>
    public double BusySince(in ProcessorTimes earlier)
    {
        var total = Total - earlier.Total;
        return total <= 0 ? 0 : Math.Clamp(1 - ((Idle - earlier.Idle) / (double)total), 0, 1);
    }
}

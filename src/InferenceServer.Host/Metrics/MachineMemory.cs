using System.Globalization;

namespace InferenceServer.Host.Metrics;

/// <summary>The machine's memory.</summary>
/// <param name="TotalBytes">All of it.</param>
/// <param name="UsedBytes">What cannot be given to a program now.</param>
internal readonly record struct MachineMemory(long TotalBytes, long UsedBytes)
{
    /// <summary>Reads <c>/proc/meminfo</c>; false when it does not say how much there is.</summary>
    public static bool TryParse(string meminfo, out MachineMemory memory)
    {
        memory = default;
        if (Find(meminfo, "MemTotal:") is not { } total || Find(meminfo, "MemAvailable:") is not { } available)
        {
            return false;
        }

        memory = new MachineMemory(total, Math.Max(0, total - available));
        return true;
    }

    private static long? Find(string meminfo, string name)
    {
        foreach (var line in meminfo.Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal)
                && line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var kibibytes, "kB"]
                && long.TryParse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
            {
                return amount * 1024;
            }
        }

        return null;
    }
}

using System.Globalization;
using System.IO.Abstractions;

namespace InferenceServer.Host.Listeners;

/// <summary>How many descriptors the process may have open.</summary>
internal static class DescriptorLimit
{
    private const string LimitsFile = "/proc/self/limits";
    private const string Line = "Max open files";

    /// <summary>Of so many descriptors this part may be connections; the rest is for models, caches and logs.</summary>
    private const double PartForConnections = 0.75;

    /// <summary>More than this many connections have to be asked for.</summary>
    public const int MostConnections = 32_768;

    /// <summary>How many connections clients may have where nobody says.</summary>
    public static int DefaultConnections(IFileSystem files)
    {
        var descriptors = files.File.Exists(LimitsFile) ? Parse(files.File.ReadAllText(LimitsFile)) : null;
        return descriptors is { } known ? (int)Math.Clamp(known * PartForConnections, 1, MostConnections) : MostConnections;
    }

    /// <summary>Reads what <c>/proc/self/limits</c> says of it now; null where it says nothing, or that there is no limit.</summary>
    public static long? Parse(string limits)
    {
        var line = limits.Split('\n').FirstOrDefault(static line => line.StartsWith(Line, StringComparison.Ordinal));
        var words = line?[Line.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words is [var soft, ..] && long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;
    }
}

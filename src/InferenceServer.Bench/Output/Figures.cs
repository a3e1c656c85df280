using System.Globalization;

namespace InferenceServer.Bench.Output;

/// <summary>Numbers as they are printed.</summary>
internal static class Figures
{
    /// <summary>With as many digits as mean something.</summary>
    public static string Rate(double value) => value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    /// <summary>Milliseconds.</summary>
    public static string Ms(double value) => value.ToString(value >= 100 ? "0.0" : value >= 10 ? "0.00" : "0.000", CultureInfo.InvariantCulture);

    /// <summary>Millions of bytes.</summary>
    public static string Megabytes(double bytes) => (bytes / 1e6).ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>A percentile, as in <c>p99.9</c>.</summary>
    public static string Percentile(double value) => "p" + value.ToString("0.####", CultureInfo.InvariantCulture);

    public static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);
}

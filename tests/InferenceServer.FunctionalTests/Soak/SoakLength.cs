using System.Globalization;
using InferenceServer.FunctionalTests.Reliability;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>How long the load lasts: some seconds, half an hour with <c>INFERENCE_SERVER_STRESS</c>, or as many minutes as <c>INFERENCE_SERVER_SOAK_MINUTES</c> says.</summary>
internal static class SoakLength
{
    private const int StressMinutes = 30;
    private const int ShortRounds = 3;

    private static readonly int s_minutes = int.TryParse(Environment.GetEnvironmentVariable("INFERENCE_SERVER_SOAK_MINUTES"), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) ? minutes
        : Stress.IsLong ? StressMinutes : 0;

    /// <summary>True when a leak of some bytes a request would show.</summary>
    public static bool IsLong => s_minutes > 0;

    /// <summary>How often the load comes and goes; after each time the books are compared and the process is looked at. The first third is for warming up.</summary>
    public static int Rounds => IsLong ? Math.Max(6, s_minutes) : ShortRounds;

    /// <summary>How long each time.</summary>
    public static TimeSpan Round => IsLong ? TimeSpan.FromMinutes((double)s_minutes / Rounds) : TimeSpan.FromSeconds(2);
}

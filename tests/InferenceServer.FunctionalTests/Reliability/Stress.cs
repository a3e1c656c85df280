namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>How long the tests of this folder take: a moment each, or as long as it takes to be sure.</summary>
internal static class Stress
{
    /// <summary>True with the environment variable INFERENCE_SERVER_STRESS: the figures of docs/reliability.md come from such a run.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("INFERENCE_SERVER_STRESS") is { Length: > 0 };

    /// <summary>The bytes of a process that are in memory now.</summary>
    public static long ResidentBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) << 10;
    }
}

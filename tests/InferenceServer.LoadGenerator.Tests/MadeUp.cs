using InferenceServer.Bench.Load;

namespace InferenceServer.LoadGenerator.Tests;

/// <summary>Results that nobody has measured.</summary>
internal static class MadeUp
{
    /// <param name="requests">Answers within the one second.</param>
    /// <param name="median">The median latency in milliseconds; the 99th percentile is half as long again. Below 0.2 ms the histogram keeps it exactly.</param>
    /// <param name="errors">How many requests failed.</param>
    public static PointResult Result(long requests, double median, long errors)
    {
        var latencies = LatencyHistogram.Make();
        for (var i = 0; i < 100; i++)
        {
            LatencyHistogram.Record(latencies, TimeSpan.FromMilliseconds(i < 98 ? median : median * 1.5));
        }

        return new PointResult { Requests = requests, Seconds = 1, Latency = new LatencyFigures(latencies), ErrorKinds = errors == 0 ? [] : [new ErrorCount("timeout", errors, "")] };
    }
}

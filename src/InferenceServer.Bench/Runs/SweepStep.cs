namespace InferenceServer.Bench.Runs;

/// <summary>One load of a sweep.</summary>
/// <param name="Amount">Connections, or requests due in a second.</param>
/// <param name="Throughput">Answers in a second.</param>
/// <param name="MeanMs">The mean latency, in milliseconds.</param>
/// <param name="PercentileMs">The percentile that has a target, in milliseconds.</param>
/// <param name="IsClean">Whether there were no failures, and the load was the one asked for.</param>
/// <param name="KeepsUp">Whether answers came as fast as requests were due; always true of a closed loop.</param>
internal sealed record SweepStep(double Amount, double Throughput, double MeanMs, double PercentileMs, bool IsClean, bool KeepsUp = true)
{
    /// <summary>Answers a second for each millisecond of mean latency. It grows while more load costs little waiting, and falls when it costs more than it brings.</summary>
    public double Power => MeanMs > 0 ? Throughput / MeanMs : 0;
}

using InferenceServer.Bench.Load;

namespace InferenceServer.LoadGenerator.Growth;

/// <summary>What a point gave once.</summary>
/// <param name="Point">What the client saw.</param>
/// <param name="Before">The server's counters when the measured time began.</param>
/// <param name="After">Those when it ended.</param>
internal sealed record GrowthFigures(PointResult Point, ProcessReading Before, ProcessReading After)
{
    /// <summary>Processor time of the server's, in microseconds a request.</summary>
    public double ProcessorTime => (After.ProcessorSeconds - Before.ProcessorSeconds) * 1e6 / Requests;

    /// <summary>How often a thread of the server's had to wait for a lock, in a thousand requests.</summary>
    public double Contentions => (After.Contentions - Before.Contentions) * 1e3 / Requests;

    /// <summary>What the server has resident afterwards, in MB.</summary>
    public double Megabytes => After.ResidentBytes / 1e6;

    private double Requests => Math.Max(1, Point.RequestsPerSecond * (After.Seconds - Before.Seconds));
}

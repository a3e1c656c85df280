using InferenceServer.Bench.Load;

namespace InferenceServer.LoadGenerator.Pairs;

/// <summary>A model and its twin, measured one right after the other in the same round.</summary>
internal sealed record PairRound(PointResult Model, PointResult Twin)
{
    public double Ratio => Twin.RequestsPerSecond > 0 ? Model.RequestsPerSecond / Twin.RequestsPerSecond : 0;

    /// <summary>By how much the model's median exceeds the twin's, in microseconds.</summary>
    public double MedianDifference => (Model.P50 - Twin.P50) * 1000;
}

using InferenceServer.Bench.Load;

namespace InferenceServer.Bench.Runs;

/// <summary>Told how far a run is.</summary>
internal interface IBenchProgress : IPointProgress
{
    /// <summary>A point begins.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="number">Which one, from 1.</param>
    /// <param name="count">How many there are; null when nobody knows yet.</param>
    void Begin(string name, int number, int? count);

    /// <summary>It is over.</summary>
    void End(PointResult result);
}

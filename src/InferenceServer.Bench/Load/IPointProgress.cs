namespace InferenceServer.Bench.Load;

/// <summary>Told how far a point is.</summary>
internal interface IPointProgress
{
    /// <summary>A window of the warm-up is over.</summary>
    void Warmed(int count, WarmUpPlan plan, WindowFigures window);

    /// <summary>A part of the measured time is over, 0 to 1.</summary>
    void Measured(double part);
}

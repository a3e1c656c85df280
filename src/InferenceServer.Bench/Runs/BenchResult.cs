namespace InferenceServer.Bench.Runs;

/// <summary>What a run gave.</summary>
/// <param name="Plan">What was asked for.</param>
/// <param name="Points">The points that were measured.</param>
/// <param name="Sweeps">What the sweep of each encoding found; empty without a sweep.</param>
/// <param name="Notes">What a reader has to know, one sentence each.</param>
/// <param name="Environment">Where it ran.</param>
/// <param name="IsCutShort">Whether it was ended early.</param>
internal sealed record BenchResult(
    BenchPlan Plan,
    IReadOnlyList<BenchPoint> Points,
    IReadOnlyList<SweepResult> Sweeps,
    IReadOnlyList<string> Notes,
    BenchEnvironment Environment,
    bool IsCutShort)
{
    /// <summary>Whether there is something to show, and no request failed.</summary>
    public bool IsClean => Points.Count > 0 && Points.SelectMany(static point => point.Results).All(static result => result is { Errors: 0, Requests: > 0 });
}

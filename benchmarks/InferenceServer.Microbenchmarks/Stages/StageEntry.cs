namespace InferenceServer.Microbenchmarks.Stages;

/// <summary>A stage that is measured.</summary>
/// <param name="Stage">Which it is, as its budget is called.</param>
/// <param name="Case">What it is given.</param>
/// <param name="Make">Makes it: an <see cref="IStage"/> or an <see cref="IAsyncStage"/>.</param>
internal sealed record StageEntry(string Stage, string Case, Func<object> Make)
{
    /// <summary>How many times fewer operations of it tell enough, since they take long.</summary>
    public int Divisor { get; init; } = 1;

    public override string ToString() => Case.Length == 0 ? Stage : $"{Stage}, {Case}";
}

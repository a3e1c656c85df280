namespace InferenceServer.Bench.Comparing;

/// <summary>The median of some values with the lowest and the highest.</summary>
internal sealed record Spread(double Median, double Lowest, double Highest)
{
    /// <returns>Null when there are none.</returns>
    public static Spread? Of(IReadOnlyList<double> values) => values.Count == 0 ? null : new Spread(Comparing.Median.Of(values), values.Min(), values.Max());

    public override string ToString() => FormattableString.Invariant($"{Median:0.00} ({Lowest:0.00}-{Highest:0.00})");
}

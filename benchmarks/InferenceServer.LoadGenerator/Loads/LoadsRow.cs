using InferenceServer.Bench.Comparing;

namespace InferenceServer.LoadGenerator.Loads;

/// <summary>How long the loads of one model took.</summary>
/// <param name="Model">The model.</param>
/// <param name="Server">Milliseconds on the server, by round.</param>
/// <param name="Other">Milliseconds on the other, in the same rounds.</param>
internal sealed record LoadsRow(string Model, IReadOnlyList<double> Server, IReadOnlyList<double> Other)
{
    public double ServerMedian => Median.Of(Server);

    public double OtherMedian => Median.Of(Other);

    /// <summary>How many times longer the other took, round by round.</summary>
    public IReadOnlyList<double> Ratios => [.. Other.Zip(Server, static (other, server) => other / server)];
}

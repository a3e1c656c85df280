using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Pairs;

/// <summary>All rounds of one model in one encoding at one number of connections.</summary>
internal sealed record PairRow(string Model, WireEncoding Encoding, int Connections, IReadOnlyList<PairRound> Rounds)
{
    public long Errors => Rounds.Sum(static round => round.Model.Errors + round.Twin.Errors);

    /// <summary>The median over the rounds of what one of the two has.</summary>
    public double Median(Func<PairRound, double> value) => Bench.Comparing.Median.Of(Rounds.Select(value));

    public double OfModel(Func<PointResult, double> value) => Median(round => value(round.Model));

    public double OfTwin(Func<PointResult, double> value) => Median(round => value(round.Twin));
}

using InferenceServer.Bench.Comparing;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Comparing;

/// <summary>All rounds of one encoding at one number of connections.</summary>
internal sealed record ComparisonRow(WireEncoding Encoding, int Connections, IReadOnlyList<ComparedPair> Rounds)
{
    /// <summary>The median of the rounds' own ratios: a machine that slows down between rounds slows both halves of a pair.</summary>
    public double Ratio => Median.Of(Rounds.Select(r => r.Ratio));

    public double LowestRatio => Rounds.Min(r => r.Ratio);

    public double HighestRatio => Rounds.Max(r => r.Ratio);

    public long Errors => Rounds.Sum(r => r.Server.Errors + r.Echo.Errors);

    public double Server(Func<PointResult, double> value) => Median.Of(Rounds.Select(r => value(r.Server)));

    public double Echo(Func<PointResult, double> value) => Median.Of(Rounds.Select(r => value(r.Echo)));
}

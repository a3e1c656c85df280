using InferenceServer.Bench.Comparing;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.Runs;

/// <summary>All rounds of one load in one encoding.</summary>
/// <param name="Encoding">The way the requests travelled.</param>
/// <param name="Load">The load.</param>
/// <param name="Rounds">What each round gave, by server: those of one round were measured one right after the other.</param>
internal sealed record BenchPoint(WireEncoding Encoding, LoadLevel Load, IReadOnlyList<IReadOnlyList<PointResult>> Rounds)
{
    public IEnumerable<PointResult> Results => Rounds.SelectMany(static round => round);

    public int Servers => Rounds[0].Count;

    public IEnumerable<PointResult> Of(int server) => Rounds.Where(round => round.Count > server).Select(round => round[server]);

    /// <summary>The median over the rounds of what one server has.</summary>
    public double Median(int server, Func<PointResult, double> value) => Comparing.Median.Of(Of(server).Select(value));

    /// <summary>The round with the median throughput of a server, for what has no median of its own.</summary>
    public PointResult Typical(int server)
    {
        var ordered = Of(server).OrderBy(static result => result.RequestsPerSecond).ToList();
        return ordered[(ordered.Count - 1) / 2];
    }

    /// <summary>The first server's value divided by the second's, in each round that has both: a machine that slows down between rounds slows both.</summary>
    public Spread? Ratio(Func<PointResult, double> value) =>
        Spread.Of([.. Rounds.Where(round => round.Count == 2 && value(round[1]) > 0).Select(round => value(round[0]) / value(round[1]))]);
}

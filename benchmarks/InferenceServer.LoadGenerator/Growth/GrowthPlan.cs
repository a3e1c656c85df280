using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Growth;

/// <summary>What is made to grow: each combination is a point.</summary>
/// <param name="Models">The models.</param>
/// <param name="AreTogether">Whether they are asked in turn, as one load, and not each by itself.</param>
/// <param name="Encodings">The ways the requests travel.</param>
/// <param name="Connections">Numbers of connections.</param>
/// <param name="Rows">Sizes of the leading dimension of inputs.</param>
/// <param name="Threads">How many of the client's threads serve connections over HTTP; 0 for one each.</param>
/// <param name="Rounds">Every round measures every point once, in an order that changes.</param>
/// <param name="WarmUp">Discarded load before each point.</param>
/// <param name="Measure">Measured time of each point.</param>
/// <param name="Timeout">The longest a single answer may take.</param>
internal sealed record GrowthPlan(
    IReadOnlyList<string> Models,
    bool AreTogether,
    IReadOnlyList<WireEncoding> Encodings,
    IReadOnlyList<int> Connections,
    IReadOnlyList<int> Rows,
    int Threads,
    int Rounds,
    TimeSpan WarmUp,
    TimeSpan Measure,
    TimeSpan Timeout)
{
    /// <summary>The points, in order.</summary>
    public IEnumerable<GrowthPoint> Points =>
        from models in AreTogether ? [Models] : Models.Select(static model => (IReadOnlyList<string>)[model])
        from encoding in Encodings
        from rows in Rows
        from connections in Connections
        select new GrowthPoint(models, encoding, rows, connections);
}

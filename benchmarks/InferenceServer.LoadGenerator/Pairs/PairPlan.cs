using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Pairs;

/// <summary>Which models of one server are held against which others, and how.</summary>
/// <param name="Models">The models.</param>
/// <param name="Suffix">What the name of each one's twin has behind it.</param>
/// <param name="Rows">The leading dimension of their inputs.</param>
/// <param name="Encodings">Measured in this order in every round.</param>
/// <param name="Connections">Measured in this order for every encoding.</param>
/// <param name="Rounds">Every round measures every point once on both sides.</param>
/// <param name="Settle">Discarded load on each model in each encoding before the first round.</param>
/// <param name="WarmUp">Discarded load before each point.</param>
/// <param name="Measure">Measured time of each point.</param>
/// <param name="Timeout">The longest a single answer may take.</param>
/// <param name="ExactAnswers">Whether every answer is compared with the first.</param>
internal sealed record PairPlan(
    IReadOnlyList<string> Models,
    string Suffix,
    int Rows,
    IReadOnlyList<WireEncoding> Encodings,
    IReadOnlyList<int> Connections,
    int Rounds,
    TimeSpan Settle,
    TimeSpan WarmUp,
    TimeSpan Measure,
    TimeSpan Timeout,
    bool ExactAnswers)
{
    /// <summary>How many of the client's threads serve connections over HTTP; 0 for one each.</summary>
    public int Threads { get; init; }

    public TimeSpan Duration => Models.Count * Encodings.Count * 2 * (Settle + (Rounds * Connections.Count * (WarmUp + Measure)));
}

using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Echo;

namespace InferenceServer.LoadGenerator.Comparing;

/// <summary>What a comparison measures.</summary>
/// <param name="Model">The model that is asked.</param>
/// <param name="Rows">The leading dimension of its inputs.</param>
/// <param name="Encodings">Measured in this order in every round.</param>
/// <param name="Connections">Measured in this order for every encoding.</param>
/// <param name="Rounds">Every round measures every point once on both sides.</param>
/// <param name="Settle">Discarded load on each side in each encoding before the first round, until the runtimes have compiled their hot paths.</param>
/// <param name="WarmUp">Discarded load before each point.</param>
/// <param name="Measure">Measured time of each point.</param>
/// <param name="Timeout">The longest a single answer may take.</param>
/// <param name="ExactAnswers">Whether every answer is compared with the first.</param>
internal sealed record ComparisonPlan(
    string Model,
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

    /// <summary>What the echo endpoint does with messages of gRPC.</summary>
    public RpcEcho RpcEcho { get; init; }

    public TimeSpan Duration => (2 * Encodings.Count * Settle) + (Rounds * Encodings.Count * Connections.Count * 2 * (WarmUp + Measure));
}

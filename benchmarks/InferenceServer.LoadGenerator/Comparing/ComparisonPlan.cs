using InferenceServer.LoadGenerator.Requests;

namespace InferenceServer.LoadGenerator.Comparing;

/// <summary>What a comparison measures.</summary>
internal sealed record ComparisonPlan(
    string Model,
    int Rows,
    IReadOnlyList<WireEncoding> Encodings,
    IReadOnlyList<int> Connections,
    int Rounds,
    TimeSpan WarmUp,
    TimeSpan Measure,
    TimeSpan Timeout,
    bool ExactAnswers)
{
    public TimeSpan Duration => Rounds * Encodings.Count * Connections.Count * 2 * (WarmUp + Measure);
}

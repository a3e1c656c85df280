using InferenceServer.ExchangeTests.Comparing;
using InferenceServer.ExchangeTests.Steps;

namespace InferenceServer.ExchangeTests.Exchanges;

/// <summary>How a case went.</summary>
/// <param name="Case">The case.</param>
/// <param name="Answers">What came back, by step.</param>
/// <param name="Differences">What is not as recorded; empty when the case matches.</param>
internal sealed record CaseVerdict(ExchangeCase Case, IReadOnlyList<StepAnswer[]> Answers, IReadOnlyList<Difference> Differences)
{
    public bool Matches => Differences.Count == 0;

    /// <summary>False when a request of it was not answered at all.</summary>
    public bool IsAnswered => Answers.Count == Case.Steps.Length && Answers.All(static step => step.All(static answer => answer.Came));
}

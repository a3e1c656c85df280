using InferenceServer.FunctionalTests.Models;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>A question and what must come of it.</summary>
/// <param name="Question">The question.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Expected">The outputs of the answer, in their order, worked out without a server.</param>
/// <param name="Excuse">What an error may say instead of an answer; null when there must be one.</param>
internal sealed record TrafficItem(Question Question, int Rows, IReadOnlyList<AnswerOutput> Expected, string? Excuse = null);

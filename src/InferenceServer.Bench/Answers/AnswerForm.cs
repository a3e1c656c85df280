namespace InferenceServer.Bench.Answers;

/// <summary>What an answer says of an output.</summary>
/// <param name="Name">The output's name.</param>
/// <param name="DataType">The type of its elements.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="HasElements">Whether its elements are in the answer.</param>
internal sealed record AnswerForm(string Name, string DataType, IReadOnlyList<long> Shape, bool HasElements);

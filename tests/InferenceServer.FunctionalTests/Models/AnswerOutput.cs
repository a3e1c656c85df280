namespace InferenceServer.FunctionalTests.Models;

/// <summary>One output of an answer; numbers or texts, by its type.</summary>
internal sealed record AnswerOutput(string Name, string DataType, long[] Shape, double[] Numbers, string[] Texts);

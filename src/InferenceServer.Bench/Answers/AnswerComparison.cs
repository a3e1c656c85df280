namespace InferenceServer.Bench.Answers;

/// <summary>Holds answers to the same request against each other.</summary>
internal static class AnswerComparison
{
    /// <summary>The same request must have the same answer in every encoding and from every server.</summary>
    public static void CheckEqual(Answer first, string firstName, Answer second, string secondName)
    {
        foreach (var expected in first.Outputs)
        {
            var output = second.Outputs.FirstOrDefault(o => o.Name == expected.Name);
            if (output is null || output.DataType != expected.DataType || !output.Shape.SequenceEqual(expected.Shape)
                || !output.Data.AsSpan().SequenceEqual(expected.Data))
            {
                throw new BenchException($"output '{expected.Name}' differs between {firstName} and {secondName}");
            }
        }
    }
}

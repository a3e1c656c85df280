namespace InferenceServer.Bench.Answers;

/// <summary>The first answer to each request of a workload.</summary>
/// <param name="Name">Where they came from, for messages.</param>
/// <param name="Bodies">What every later answer must be, byte by byte; on a stream what tells its outputs from others.</param>
/// <param name="Answers">The answers themselves; null on a stream, whose responses are not put together, and where the tensors are in shared memory.</param>
internal sealed record RecordedAnswers(string Name, IReadOnlyList<byte[]> Bodies, IReadOnlyList<Answer>? Answers)
{
    /// <exception cref="BenchException">Two answers to the same request differ.</exception>
    public static void CheckEqual(RecordedAnswers first, RecordedAnswers second)
    {
        for (var i = 0; i < first.Bodies.Count; i++)
        {
            if (first.Answers is not null && second.Answers is not null)
            {
                AnswerComparison.CheckEqual(first.Answers[i], first.Name, second.Answers[i], second.Name);
            }
            else if (first.Answers is null && second.Answers is null && !first.Bodies[i].AsSpan().SequenceEqual(second.Bodies[i]))
            {
                throw new BenchException($"the outputs of request {i} differ between {first.Name} and {second.Name}");
            }
        }
    }
}

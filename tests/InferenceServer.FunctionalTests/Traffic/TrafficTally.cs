using InferenceServer.FunctionalTests.Models;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>What became of the requests to one model.</summary>
internal sealed class TrafficTally
{
    private readonly Lock _gate = new();

    /// <summary>Requests that had the answer they must have, and their rows.</summary>
    public int Answered { get; private set; }

    public int AnsweredRows { get; private set; }

    /// <summary>Requests that failed as they may.</summary>
    public int Excused { get; private set; }

    /// <summary>Requests whose clients left without an answer. The server may have answered, or never have heard of them.</summary>
    public int Left { get; private set; }

    public int LeftRows { get; private set; }

    public int Sent => Answered + Excused + Left;

    /// <summary>Judges an answer; null when it is as it must be, and otherwise what is wrong with it.</summary>
    /// <param name="item">What was asked.</param>
    /// <param name="answer">What came; null when the client left before.</param>
    /// <param name="leaves">True when the client left, be it that it was too late for that.</param>
    public string? Judge(TrafficItem item, Answer? answer, bool leaves)
    {
        lock (_gate)
        {
            if (answer is null || (leaves && answer.Status is "Cancelled" or "499"))
            {
                Left++;
                LeftRows += item.Rows;
                return null;
            }

            if (answer.Status.Length > 0)
            {
                Excused++;
                return item.Excuse is not null && answer.Error.Contains(item.Excuse, StringComparison.Ordinal) ? null : $"{answer.Status}: {answer.Error}";
            }

            Answered++;
            AnsweredRows += item.Rows;
        }

        return answer.Id != item.Question.Id || answer.ModelName != item.Question.Model ? $"the answer is to '{answer.Id}' of '{answer.ModelName}'"
            : answer.Outputs.Count == item.Expected.Count && answer.Outputs.Zip(item.Expected).All(static pair => Equal(pair.First, pair.Second)) ? null
            : $"expected {Print(item.Expected)}, got {Print(answer.Outputs)}";
    }

    private static bool Equal(AnswerOutput one, AnswerOutput other) =>
        one.Name == other.Name && one.DataType == other.DataType && one.Shape.SequenceEqual(other.Shape) && one.Numbers.SequenceEqual(other.Numbers) && one.Texts.SequenceEqual(other.Texts);

    private static string Print(IEnumerable<AnswerOutput> outputs) =>
        string.Join("; ", outputs.Select(static output => $"{output.Name} {output.DataType} [{string.Join(',', output.Shape)}] {string.Join(' ', output.Numbers)}{string.Join(' ', output.Texts)}"));
}

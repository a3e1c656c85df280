using InferenceServer.FunctionalTests.Models;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>Makes up questions. No two have the same values, but for those whose answers are kept; so an answer tells whose it is.</summary>
internal static class TrafficGenerator
{
    /// <summary>What models without sequences are asked, each as often as another.</summary>
    private static readonly Func<Random, int, TrafficItem>[] s_kinds =
    [
        Mixed,
        (random, number) => Sums(TrafficRepository.Sums, random, number),

        // Forty questions in all: most are answered from the cache, or by another one like them that is on its way.
        (random, _) => Sums(TrafficRepository.Cached, new Random(random.Next(40)), 5),
        (random, number) => Pairs(TrafficRepository.Ordered, random, number),
        (random, number) => Pairs(TrafficRepository.Failing, random, number, "the model is configured to fail"),
        Single,
        Narrow,
        Timed,
        Ragged,
        Chain,
        (random, number) => Pairs(TrafficRepository.Doubtful, random, number, "the model is configured to fail"),
    ];

    /// <param name="random">Where chance comes from.</param>
    /// <param name="number">The number of the question, of which its values are made.</param>
    /// <param name="sequence">The sequences of the caller.</param>
    public static TrafficItem Next(Random random, int number, TrafficSequence sequence)
    {
        // Steps of sequences are asked as often as two other kinds.
        var kind = random.Next(s_kinds.Length + 2);
        var item = kind < s_kinds.Length ? s_kinds[kind](random, number) : sequence.Next(random, number);
        return item with { Question = item.Question with { Id = $"{number}" } };
    }

    /// <summary>A question to the model that has room for two that wait.</summary>
    public static TrafficItem Narrow(Random random, int number) => Pairs(TrafficRepository.Narrow, random, number, "Exceeds maximum queue size", maxRows: 2);

    private static TrafficItem Mixed(Random random, int number)
    {
        var (rows, length) = (random.Next(1, 6), random.Next(1, 4));
        var numbers = Values(number, rows * length);
        string[] texts = [.. Enumerable.Range(0, rows).Select(row => new string((char)('a' + (number % 26)), random.Next(0, 9)) + $"{number}.{row}")];
        var question = new Question(TrafficRepository.Mixed, QuestionInput.Integers("X", [rows, length], numbers), QuestionInput.Strings("S", [rows, 1], texts));
        if (random.Next(2) == 0)
        {
            question.Parameters["priority"] = random.Next(0, 5);
        }

        return Asking(random, question, rows, new AnswerOutput("Y", "INT32", [rows, length], Doubles(numbers), []), new AnswerOutput("T", "BYTES", [rows, 1], [], texts));
    }

    private static TrafficItem Sums(string model, Random random, int number)
    {
        var (rows, a, b) = Operands(random, number);
        return Asking(
            random,
            new Question(model, QuestionInput.Floats("A", [rows, 2], a), QuestionInput.Floats("B", [rows, 2], b)),
            rows,
            Floats("SUM", rows, a.Zip(b, static (x, y) => x + y)),
            Floats("DIFFERENCE", rows, a.Zip(b, static (x, y) => x - y)));
    }

    private static TrafficItem Chain(Random random, int number)
    {
        var (rows, a, b) = Operands(random, number);
        return Asking(
            random,
            new Question(TrafficRepository.Chain, QuestionInput.Floats("A", [rows, 2], a), QuestionInput.Floats("B", [rows, 2], b)),
            rows,
            Floats("SUM", rows, a.Zip(b, static (x, y) => x + y)),
            Floats("TWICE_A", rows, a.Select(static x => 2 * x)),
            Floats("TWICE_B", rows, b.Select(static y => 2 * y)));
    }

    private static TrafficItem Pairs(string model, Random random, int number, string? excuse = null, int maxRows = 4)
    {
        var rows = random.Next(1, maxRows + 1);
        var values = Values(number, rows * 2);
        return new TrafficItem(new Question(model, QuestionInput.Integers("X", [rows, 2], values)), rows, [new AnswerOutput("Y", "INT32", [rows, 2], Doubles(values), [])], excuse);
    }

    private static TrafficItem Timed(Random random, int number)
    {
        var item = Pairs(TrafficRepository.Timed, random, number, "Request timeout expired", maxRows: 2);
        item.Question.Parameters["timeout"] = random.Next(2_000, 100_000);
        return item;
    }

    private static TrafficItem Single(Random random, int number)
    {
        var values = Values(number, random.Next(1, 6));
        return new TrafficItem(new Question(TrafficRepository.Single, QuestionInput.Integers("X", [values.Length], values)), 1, [new AnswerOutput("Y", "INT32", [values.Length], Doubles(values), [])]);
    }

    private static TrafficItem Ragged(Random random, int number)
    {
        var (rows, length) = (random.Next(1, 4), random.Next(1, 7));
        var values = Values(number, rows * length);
        return new TrafficItem(new Question(TrafficRepository.Ragged, QuestionInput.Integers("X", [rows, length], values)), rows, [new AnswerOutput("Y", "INT32", [rows, length], Doubles(values), [])]);
    }

    /// <summary>Asks for all outputs, or for some of them in any order.</summary>
    private static TrafficItem Asking(Random random, Question question, int rows, params AnswerOutput[] all)
    {
        if (random.Next(3) == 0)
        {
            return new TrafficItem(question, rows, all);
        }

        random.Shuffle(all);
        var wanted = all[..random.Next(1, all.Length + 1)];
        return new TrafficItem(question with { Outputs = [.. wanted.Select(static output => output.Name)] }, rows, wanted);
    }

    private static (int Rows, float[] A, float[] B) Operands(Random random, int number)
    {
        var rows = random.Next(1, 6);
        return (rows, [.. Values(number, rows * 2).Select(static value => (float)value)], [.. Enumerable.Range(0, rows * 2).Select(_ => (float)random.Next(-1000, 1000))]);
    }

    /// <summary>Small enough to be exact as floats, and so are their sums.</summary>
    private static int[] Values(int number, int count) => [.. Enumerable.Range(0, count).Select(i => (number * 32) + i)];

    private static double[] Doubles(int[] values) => [.. values.Select(static value => (double)value)];

    private static AnswerOutput Floats(string name, int rows, IEnumerable<float> values) => new(name, "FP32", [rows, 2], [.. values.Select(static value => (double)value)], []);
}

using InferenceServer.ExchangeTests.Comparing;
using InferenceServer.ExchangeTests.Json;
using InferenceServer.ExchangeTests.Steps;

namespace InferenceServer.ExchangeTests.Exchanges;

/// <summary>This server's own answers, from expected-differences.json, where docs/compatibility.md promises a better one than the recorded.</summary>
internal static class ExpectedDifferences
{
    private static readonly Dictionary<string, JsonObject> s_cases =
        ExchangeLibrary.Document("expected-differences.json").List("cases").Cast<JsonObject>().ToDictionary(static one => one.Text("case")!);

    public static IReadOnlyCollection<string> Cases => s_cases.Keys;

    /// <summary>What is different from this server's own answer; null when none is promised.</summary>
    public static List<Difference>? Compare(CaseVerdict verdict)
    {
        if (!s_cases.TryGetValue(verdict.Case.Key, out var expected))
        {
            return null;
        }

        var step = expected.Number("step") ?? 0;
        return verdict.Answers.ElementAtOrDefault(step) is [var answer] ? StepRunner.Compare(expected, answer) : [new Difference($"step {step}", "one answer", "none")];
    }
}

using InferenceServer.ExchangeTests.Exchanges;
using Xunit;

namespace InferenceServer.ExchangeTests;

/// <summary>The recorded exchanges with a Triton server, asked of this one.</summary>
public sealed class ExchangeTests(ITestOutputHelper output)
{
    /// <summary>How often a group is asked that counts on when requests arrive: the machine may have had something else to do.</summary>
    private const int TimedAttempts = 3;

    public static TheoryData<string> Groups => [.. ExchangeLibrary.Groups.Select(static group => group.Name)];

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Group_IsAnsweredAsRecorded(string name)
    {
        var group = ExchangeLibrary.Groups.Single(group => group.Name == name);
        var problems = await AskAsync(group);
        for (var attempt = 1; attempt < TimedAttempts && problems.Count > 0 && group.CountsOnTime; attempt++)
        {
            output.WriteLine($"once more, after {problems.Count} problems");
            problems = await AskAsync(group);
        }

        Assert.True(problems.Count == 0, $"{problems.Count} problems:\n{string.Join('\n', problems)}");
    }

    [Fact]
    public void Lists_NameCasesThatExist()
    {
        var cases = ExchangeLibrary.Groups.SelectMany(static group => group.Cases).ToDictionary(static one => one.Key);

        Assert.All(NotYetList.Cases, name => Assert.Contains(name, cases.Keys));
        Assert.All(ExpectedDifferences.Cases, name => Assert.Contains(name, cases.Keys));
        Assert.Empty(NotYetList.Cases.Intersect(ExpectedDifferences.Cases));
    }

    private async Task<List<string>> AskAsync(ExchangeGroup group)
    {
        var problems = new List<string>();
        foreach (var verdict in await GroupRunner.RunAsync(group, problems, TestContext.Current.CancellationToken))
        {
            var outcome = verdict.Matches ? "matches" : verdict.IsAnswered ? "differs" : "unanswered";
            output.WriteLine($"{verdict.Case.Key}: {outcome}{(verdict.Case.IsQuirk ? " (quirk)" : "")}");
            if (Judge(verdict) is { } problem)
            {
                problems.Add(problem);
            }
        }

        return problems;
    }

    /// <summary>What is wrong with how a case went; null when nothing is.</summary>
    private static string? Judge(CaseVerdict verdict)
    {
        var name = verdict.Case.Key;
        var isQuirk = verdict.Case.IsQuirk;
        if (NotYetList.FeatureOf(verdict.Case) is { } feature)
        {
            return verdict.Matches || (isQuirk && verdict.IsAnswered) ? $"{name}: it is listed as waiting for {feature}, and is answered now: take it off not-yet.json" : null;
        }

        var differences = ExpectedDifferences.Compare(verdict) ?? (isQuirk ? [] : verdict.Differences);
        if (differences.Count > 0)
        {
            return $"{name}:\n    {string.Join("\n    ", differences.Take(8))}";
        }

        return isQuirk && !verdict.IsAnswered ? $"{name}: there was no answer" : null;
    }
}

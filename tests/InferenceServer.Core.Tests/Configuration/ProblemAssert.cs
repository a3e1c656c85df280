using System.Collections.Immutable;
using InferenceServer.Core.Configuration;
using Xunit;

namespace InferenceServer.Core.Tests.Configuration;

internal static class ProblemAssert
{
    /// <summary>Exactly one problem, at that place, with each of the words (parted by '|') in its message.</summary>
    public static void Single(ImmutableArray<ConfigProblem> problems, int line, int column, string words, string? suggestion)
    {
        Assert.True(problems.Length == 1, $"expected one problem, got {problems.Length}:\n{string.Join('\n', problems)}");
        Is(problems[0], line, column, words, suggestion);
    }

    public static void Is(ConfigProblem problem, int line, int column, string words, string? suggestion = null)
    {
        foreach (var word in words.Split('|'))
        {
            Assert.Contains(word, problem.Message, StringComparison.Ordinal);
        }

        Assert.True((line, column) == (problem.Line, problem.Column), $"expected {line}:{column}, got {problem}");
        if (suggestion is not null)
        {
            Assert.Contains(suggestion, problem.Suggestion ?? "", StringComparison.Ordinal);
        }
    }
}

using InferenceServer.LoadGenerator.Loads;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Loads;

public sealed class LoadsTableTests
{
    [Fact]
    public void Markdown_ThreeRounds_GivesMediansAndTheRoundsOwnRatios()
    {
        var lines = LoadsTable.Markdown([new LoadsRow("m", [10, 20, 5], [20, 100, 5])]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Equal("| `m` | 10.0 | 20.0 | 2.00 (1.00-5.00) |", lines[2]);
        Assert.All(lines, static line => Assert.Equal(5, line.Count(static c => c == '|')));
    }
}

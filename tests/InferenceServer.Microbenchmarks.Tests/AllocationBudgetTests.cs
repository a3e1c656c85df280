using System.Globalization;
using InferenceServer.Microbenchmarks.Budgets;
using InferenceServer.Microbenchmarks.Stages;
using Xunit;

namespace InferenceServer.Microbenchmarks.Tests;

/// <summary>No stage allocates more than its budget, whatever it is given. All of them one after another: some are measured by what the whole process allocates.</summary>
public sealed class AllocationBudgetTests(ITestOutputHelper output)
{
    /// <summary>Budgets that the tests of the whole server hold.</summary>
    private const string OfServer = "server ";

    public static TheoryData<string> Stages => [.. StageCatalog.All.Select(static entry => entry.Stage).Distinct(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task Stage_KeepsItsBudget(string stage)
    {
        var budget = AllocationBudgets.Of(stage).Here;
        var over = new List<string>();
        foreach (var entry in StageCatalog.All.Where(entry => entry.Stage == stage))
        {
            var bytes = await MeasureAsync(entry, budget);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{entry}: {bytes:0.0} bytes, budget {budget}"));
            if (bytes > budget)
            {
                over.Add($"{entry}: {bytes:0.0} bytes");
            }
        }

        Assert.True(over.Count == 0, $"over the budget of {budget} bytes:\n{string.Join('\n', over)}");
    }

    [Fact]
    public void Budgets_AreEachOfAStageThatIsMeasured() =>
        Assert.Equal(
            StageCatalog.All.Select(static entry => entry.Stage).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            AllocationBudgets.Stages.Where(static stage => !stage.StartsWith(OfServer, StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    private static async Task<double> MeasureAsync(StageEntry entry, long budget)
    {
        var made = entry.Make();
        try
        {
            return made is IStage stage
                ? AllocationMeter.Measure(stage, entry.Divisor, budget)
                : await AllocationMeter.MeasureAsync((IAsyncStage)made, entry.Divisor, budget);
        }
        finally
        {
            await StageCatalog.EndAsync(made);
        }
    }
}

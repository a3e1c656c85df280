using InferenceServer.Core.Scheduling;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

public sealed class BatchGrowthTests
{
    private readonly ExecutionCosts _costs = new();

    [Fact]
    public void OnEnd_MostIsPaidByEveryExecution_DoublesUpToTheEnd()
    {
        var growth = new BatchGrowth(Limits(4), _costs);
        List<int> sizes = [];
        for (var i = 0; i < 200; i++)
        {
            sizes.Add(growth.Limits.MaxRows);
            Run(growth, growth.Limits.MaxRows, static rows => 1_000 + rows);
        }

        Assert.Equal([4, 8, 16, 32, 64], sizes.Distinct());
        Assert.Empty(growth.Limits.PreferredRows);
    }

    [Fact]
    public void OnEnd_EachRowCostsTheSame_StaysWhereItWas()
    {
        var growth = new BatchGrowth(Limits(4), _costs);
        _costs.Record(1, 1_010);
        for (var i = 0; i < 200; i++)
        {
            Run(growth, growth.Limits.MaxRows, static rows => 10 + (1_000 * rows));
            Assert.Equal(4, growth.Limits.MaxRows);
        }

        Assert.Equal([4], growth.Limits.PreferredRows);
    }

    [Fact]
    public void OnEnd_OneStepTooFar_GoesBackAndStays()
    {
        var growth = new BatchGrowth(Limits(4), _costs);
        List<int> sizes = [];
        for (var i = 0; i < 400; i++)
        {
            sizes.Add(growth.Limits.MaxRows);

            // From 16 rows on a row costs as much as before.
            Run(growth, growth.Limits.MaxRows, static rows => rows <= 16 ? 1_600 : 100 * rows);
        }

        Assert.Equal(32, sizes.Max());
        Assert.Equal(16, growth.Limits.MaxRows);
        Assert.All(sizes.TakeLast(200), static size => Assert.Equal(16, size));
    }

    [Fact]
    public void OnEnd_SmallerExecutions_SayNothing()
    {
        var growth = new BatchGrowth(Limits(4), _costs);
        for (var i = 0; i < 200; i++)
        {
            Run(growth, 3, static _ => 1_000);
        }

        Assert.Equal(4, growth.Limits.MaxRows);
    }

    private static BatchLimits Limits(int rows) => new(rows, [rows], 0) { GrowthRows = 64 };

    private void Run(BatchGrowth growth, int rows, Func<int, long> cost)
    {
        _costs.Record(rows, cost(rows));
        growth.OnEnd(rows);
    }
}

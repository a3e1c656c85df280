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

    /// <summary>A model whose rows take long, each as long as alone; whether requests are enough to fill an execution, or not quite.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(3)]
    [InlineData(2)]
    public void OnEnd_RowsOfLongWork_RunOneByOne(int rows)
    {
        _costs.RecordHop(10);
        _costs.Record(1, 1_000);
        var growth = new BatchGrowth(Limits(4), _costs);
        List<int> sizes = [];
        for (var i = 0; i < 100; i++)
        {
            sizes.Add(growth.Limits.MaxRows);
            Run(growth, Math.Min(rows, growth.Limits.MaxRows), static rows => 1_000 * rows);
        }

        Assert.Equal([4, 1], sizes.Distinct());
        Assert.True(growth.IsSteady);
    }

    [Fact]
    public void OnEnd_OneByOneCostsMoreAfterAll_GoesBackAndStays()
    {
        _costs.RecordHop(10);
        _costs.Record(1, 1_000);
        var growth = new BatchGrowth(Limits(8), _costs);
        List<int> sizes = [];
        for (var i = 0; i < 200; i++)
        {
            sizes.Add(growth.Limits.MaxRows);
            Run(growth, growth.Limits.MaxRows, static rows => (1_000 * rows) + (rows == 1 ? 250 : 0));
        }

        Assert.Equal([8, 1], sizes.Distinct());
        Assert.All(sizes.TakeLast(100), static size => Assert.Equal(8, size));
        Assert.True(growth.IsSteady);
    }

    /// <summary>With few clients the sizes that more would need are not given up.</summary>
    [Fact]
    public void OnEnd_TwoOfFourThatGainByCompany_GrowLaterAllTheSame()
    {
        _costs.RecordHop(10);
        _costs.Record(1, 1_001);
        var growth = new BatchGrowth(Limits(4), _costs);
        for (var i = 0; i < 100; i++)
        {
            Run(growth, 2, static rows => 1_000 + rows);
        }

        Assert.Equal(4, growth.Limits.MaxRows);
        Assert.True(growth.IsSteady);
        for (var i = 0; i < 100; i++)
        {
            Run(growth, growth.Limits.MaxRows, static rows => 1_000 + rows);
        }

        Assert.Equal(64, growth.Limits.MaxRows);
    }

    /// <summary>Where to hand a row over costs as much as to run it, more of them at once save that.</summary>
    [Fact]
    public void OnEnd_RowsOfLittleWork_StayTogether()
    {
        _costs.RecordHop(100);
        _costs.Record(1, 1_000);
        var growth = new BatchGrowth(Limits(4), _costs);
        for (var i = 0; i < 100; i++)
        {
            Run(growth, growth.Limits.MaxRows, static rows => 1_000 * rows);
        }

        Assert.Equal(4, growth.Limits.MaxRows);
    }

    [Fact]
    public void IsSteady_WhileFullOnesAreCounted_False()
    {
        var growth = new BatchGrowth(Limits(4), _costs);
        Run(growth, 4, static _ => 1_000);
        Assert.False(growth.IsSteady);
        for (var i = 0; i < 32; i++)
        {
            Run(growth, 1, static _ => 1_000);
        }

        Assert.True(growth.IsSteady);
        Run(growth, 4, static _ => 1_000);
        Assert.False(growth.IsSteady);
    }

    private static BatchLimits Limits(int rows) => new(rows, [rows], 0) { GrowthRows = 64 };

    private void Run(BatchGrowth growth, int rows, Func<int, long> cost)
    {
        _costs.Record(rows, cost(rows));
        growth.OnEnd(rows);
    }
}

using InferenceServer.Core.Scheduling;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

public sealed class BatchGrowthTests
{
    private const long Second = 1_000_000;

    private readonly ExecutionCosts _costs = new();
    private long _now;

    [Fact]
    public void OnEnd_MostIsPaidByEveryExecution_DoublesUpToTheEnd()
    {
        var growth = new BatchGrowth(Limits(4), _costs, Second);
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
    public void OnEnd_EachRowCostsTheSame_LooksOnceAndStaysWhereItWas()
    {
        var growth = new BatchGrowth(Limits(4), _costs, Second);
        _costs.Record(1, 1_010);
        List<int> sizes = [];
        for (var i = 0; i < 200; i++)
        {
            sizes.Add(growth.Limits.MaxRows);
            Run(growth, growth.Limits.MaxRows, static rows => 10 + (1_000 * rows));
        }

        Assert.Equal(16, sizes.Count(static size => size == 8));
        Assert.All(sizes.TakeLast(100), static size => Assert.Equal(4, size));
        Assert.Equal([4], growth.Limits.PreferredRows);
    }

    /// <summary>An engine may have its blocks of rows so that one size is no better than its half, and the next one is.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(32)]
    public void OnEnd_OneSizeIsAwkward_IsPassed(int awkward)
    {
        var growth = new BatchGrowth(Limits(4), _costs, Second);
        for (var i = 0; i < 200; i++)
        {
            Run(growth, growth.Limits.MaxRows, rows => rows == awkward ? 2 * (1_000 + (rows / 2)) : 1_000 + rows);
        }

        Assert.Equal(64, growth.Limits.MaxRows);
        Assert.True(growth.IsSteady);
    }

    /// <summary>What was found out while a neighbour took the processors is found out anew.</summary>
    [Fact]
    public void OnEnd_LargerOnesPayLater_AreFoundAfterAWhile()
    {
        var growth = new BatchGrowth(Limits(4), _costs, Second);
        for (var i = 0; i < 200; i++)
        {
            Run(growth, growth.Limits.MaxRows, static rows => 1_000 * rows);
        }

        Assert.Equal(4, growth.Limits.MaxRows);
        _now += 60 * Second;
        for (var i = 0; i < 200; i++)
        {
            Run(growth, growth.Limits.MaxRows, static rows => 1_000 + rows);
        }

        Assert.Equal(64, growth.Limits.MaxRows);
    }

    /// <summary>Looking again is dear where it never brings anything: twice as long passes each time.</summary>
    [Fact]
    public void OnEnd_NothingChanges_IsLookedAtMoreAndMoreSeldom()
    {
        var growth = new BatchGrowth(Limits(4), _costs, Second);
        List<long> larger = [];
        for (_now = 0; _now < 3_600 * Second; _now += Second / 10)
        {
            if (growth.Limits.MaxRows > 4)
            {
                larger.Add(_now / Second);
            }

            Run(growth, growth.Limits.MaxRows, static rows => 1_000 * rows);
        }

        Assert.InRange(larger.Count, 16, 250);
        Assert.DoesNotContain(larger, static second => second is > 10 and < 60 or > 80 and < 180 or > 200 and < 420);
    }

    [Fact]
    public void OnEnd_TwoStepsBringNothing_GoesBackAndStays()
    {
        var growth = new BatchGrowth(Limits(4), _costs, Second);
        List<int> sizes = [];
        for (var i = 0; i < 400; i++)
        {
            sizes.Add(growth.Limits.MaxRows);

            // From 16 rows on a row costs as much as before.
            Run(growth, growth.Limits.MaxRows, static rows => rows <= 16 ? 1_600 : 100 * rows);
        }

        Assert.Equal([4, 8, 16, 32, 64], sizes.Distinct());
        Assert.Equal(16, growth.Limits.MaxRows);
        Assert.All(sizes.TakeLast(200), static size => Assert.Equal(16, size));
    }

    [Fact]
    public void OnEnd_SmallerExecutions_SayNothing()
    {
        var growth = new BatchGrowth(Limits(4), _costs, Second);
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
        var growth = new BatchGrowth(Limits(4), _costs, Second);
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
        var growth = new BatchGrowth(Limits(8), _costs, Second);
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
        var growth = new BatchGrowth(Limits(4), _costs, Second);
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
        var growth = new BatchGrowth(Limits(4), _costs, Second);
        for (var i = 0; i < 100; i++)
        {
            Run(growth, growth.Limits.MaxRows, static rows => 1_000 * rows);
        }

        Assert.Equal(4, growth.Limits.MaxRows);
    }

    [Fact]
    public void IsSteady_WhileFullOnesAreCounted_False()
    {
        var growth = new BatchGrowth(Limits(4), _costs, Second);
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
        growth.OnEnd(rows, _now);
    }
}

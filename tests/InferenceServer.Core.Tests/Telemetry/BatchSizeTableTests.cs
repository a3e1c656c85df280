using InferenceServer.Core.Telemetry;
using Xunit;

namespace InferenceServer.Core.Tests.Telemetry;

public sealed class BatchSizeTableTests
{
    private static readonly ExecutionTimes s_times = new(TimeSpan.FromTicks(1), TimeSpan.FromTicks(20), TimeSpan.FromTicks(300));

    [Fact]
    public void MakeReport_SizesInAnyOrder_AreAscendingWithTheirSums()
    {
        var table = new BatchSizeTable();
        foreach (var rows in new[] { 8, 1, 3, 8, 1, 8 })
        {
            table.Record(rows, s_times);
        }

        var report = table.MakeReport(out var executions, out var rowsInAll);

        Assert.Equal([(1, 2), (3, 1), (8, 3)], report.Select(static size => (size.BatchSize, (int)size.ComputeInfer.Count)));
        Assert.Equal((6, 29), (executions, rowsInAll));
        Assert.Equal((6, 29), (table.Executions, table.Rows));
        Assert.Equal(new CountedDuration(3, TimeSpan.FromTicks(3)), report[2].ComputeInput);
        Assert.Equal(new CountedDuration(3, TimeSpan.FromTicks(60)), report[2].ComputeInfer);
        Assert.Equal(new CountedDuration(3, TimeSpan.FromTicks(900)), report[2].ComputeOutput);
    }

    [Fact]
    public void Record_MoreSizesThanAreToldApart_AreCountedAndNotListed()
    {
        var table = new BatchSizeTable();
        for (var rows = 1; rows <= BatchSizeTable.MaxSizes + 2; rows++)
        {
            table.Record(rows, s_times);
        }

        var report = table.MakeReport(out var executions, out var rowsInAll);

        Assert.Equal(BatchSizeTable.MaxSizes, report.Length);
        Assert.Equal(BatchSizeTable.MaxSizes + 2, executions);
        Assert.Equal((BatchSizeTable.MaxSizes + 2) * (BatchSizeTable.MaxSizes + 3L) / 2, rowsInAll);
    }

    [Fact]
    public void Record_SizeSeenBefore_AllocatesNothing()
    {
        var table = new BatchSizeTable();
        for (var rows = 1; rows <= 64; rows++)
        {
            table.Record(rows, s_times);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var rows = 1; rows <= 64; rows++)
        {
            table.Record(rows, s_times);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Record_ManyThreads_LoseNothing()
    {
        var table = new BatchSizeTable();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 4000; i++)
            {
                table.Record((i % 40) + 1, s_times);
            }
        })));

        var report = table.MakeReport(out var executions, out _);
        Assert.Equal(16000, executions);
        Assert.All(report, static size => Assert.Equal(400, size.ComputeInfer.Count));
    }
}

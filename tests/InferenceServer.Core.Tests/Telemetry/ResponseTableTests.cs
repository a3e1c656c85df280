using InferenceServer.Core.Telemetry;
using Xunit;

namespace InferenceServer.Core.Tests.Telemetry;

public sealed class ResponseTableTests
{
    [Fact]
    public void Of_NumbersInOrder_AreKeptApart()
    {
        var table = new ResponseTable();

        table.Of(0)!.RecordSuccess(TimeSpan.FromTicks(5), TimeSpan.FromTicks(2));
        table.Of(1)!.RecordEmpty(TimeSpan.FromTicks(3));
        table.Of(0)!.RecordFailure(TimeSpan.FromTicks(4));
        table.Of(1)!.RecordCancel(TimeSpan.FromTicks(9));

        var report = table.MakeReport();
        Assert.Equal(2, report.Length);
        Assert.Equal(
            new ResponseReport(Sum(2, 9), Sum(2, 2), Sum(1, 7), Sum(1, 4), default, default),
            report[0]);
        Assert.Equal(new ResponseReport(Sum(1, 3), default, default, default, Sum(1, 3), Sum(1, 9)), report[1]);
    }

    [Fact]
    public void Of_NumberBeyondTheLast_IsNotKept()
    {
        var table = new ResponseTable();

        Assert.NotNull(table.Of(ResponseTable.MaxNumbers - 1));
        Assert.Null(table.Of(ResponseTable.MaxNumbers));
        Assert.Equal(ResponseTable.MaxNumbers, table.MakeReport().Length);
    }

    private static CountedDuration Sum(long count, long ticks) => new(count, TimeSpan.FromTicks(ticks));
}

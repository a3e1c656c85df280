using InferenceServer.Core.Repository;
using Xunit;

namespace InferenceServer.Core.Tests.Repository;

public sealed class SettledRepositoryTests
{
    private static readonly DateTime s_now = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);

    private readonly SettledRepository _repository = new(s_quiet);

    [Fact]
    public void Models_CountOnceTwoScansAgree()
    {
        Assert.False(_repository.Take(Scan(Model("a", "1")), s_now));
        Assert.False(_repository.IsSettled);
        Assert.Empty(_repository.Models);
        Assert.True(_repository.Take(Scan(Model("a", "1")), s_now));
        Assert.True(_repository.IsSettled);
        Assert.Equal("a 1", Shown());
        Assert.False(_repository.Take(Scan(Model("a", "1")), s_now));
    }

    [Fact]
    public void Change_LeavesWhatCountsUntilItIsSeenTwice()
    {
        Settle(Model("a", "1"), Model("b", "1"));
        Assert.False(_repository.Take(Scan(Model("a", "2"), Model("b", "1")), s_now));
        Assert.False(_repository.Take(Scan(Model("a", "3"), Model("b", "1")), s_now));
        Assert.False(_repository.IsSettled);
        Assert.Equal("a 1, b 1", Shown());
        Assert.True(_repository.Take(Scan(Model("a", "3"), Model("b", "1")), s_now));
        Assert.Equal("a 3, b 1", Shown());
        Assert.True(_repository.IsSettled);
    }

    [Fact]
    public void Absence_CountsOnceItIsSeenTwice()
    {
        Settle(Model("a", "1"), Model("b", "1"));
        Assert.False(_repository.Take(Scan(Model("b", "1")), s_now));
        Assert.False(_repository.Take(Scan(Model("a", "1"), Model("b", "1")), s_now));
        Assert.True(_repository.IsSettled);
        Assert.False(_repository.Take(Scan(Model("b", "1")), s_now));
        Assert.Equal("a 1, b 1", Shown());
        Assert.True(_repository.Take(Scan(Model("b", "1")), s_now));
        Assert.Equal("b 1", Shown());
    }

    [Fact]
    public void ModelThatIsBeingWritten_DoesNotCountHoweverOftenItLooksTheSame()
    {
        Settle(Model("a", "1"));
        var written = Model("a", "2", s_now);
        Assert.False(_repository.Take(Scan(written), s_now));
        Assert.False(_repository.Take(Scan(written), s_now));
        Assert.False(_repository.Take(Scan(written), s_now + s_quiet - TimeSpan.FromTicks(1)));
        Assert.True(_repository.Take(Scan(written), s_now + s_quiet));
        Assert.Equal("a 2", Shown());
    }

    [Fact]
    public void TimeThatLiesAhead_SaysNothing()
    {
        Settle(Model("a", "1", s_now + TimeSpan.FromDays(1)));
        Assert.Equal("a 1", Shown());
    }

    [Fact]
    public void NoModels_AreSettledToo()
    {
        Assert.False(_repository.Take(Scan(), s_now));
        Assert.False(_repository.Take(Scan(), s_now));
        Assert.True(_repository.IsSettled);
    }

    private void Settle(params ModelFolder[] models)
    {
        _repository.Take(Scan(models), s_now);
        Assert.True(_repository.Take(Scan(models), s_now));
    }

    private string Shown() => string.Join(", ", _repository.Models.Select(static model => $"{model.Key} {model.Value.Stamp}"));

    private static RepositorySnapshot Scan(params ModelFolder[] models) => new([.. models]);

    private static ModelFolder Model(string name, string stamp, DateTime written = default) => new() { Name = name, Path = "/r/" + name, Stamp = stamp, LastWriteUtc = written };
}

using InferenceServer.Core.Scheduling;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>A lane that waits for those who have just been answered, stepped with a clock of numbers.</summary>
public sealed class GatheringTests : IAsyncDisposable
{
    private const long Cost = 4_000;

    private readonly ServedModelFixture _model = new();
    private readonly List<PendingInference> _made = [];
    private readonly RequestQueue _queue;
    private readonly BatchDecider _decider;

    public GatheringTests()
    {
        _queue = new RequestQueue(new QueueRules { MaxRequests = 100, Levels = [new QueuePolicy()] }, 1 << 20, new BatchCompatibility([]), TimeProvider.System);
        _decider = new BatchDecider(_queue, new ExecutionCosts(), 1_000_000) { Limits = new BatchLimits(16, [], 0) { GrowthRows = 64 }, Gathers = true };
    }

    public async ValueTask DisposeAsync()
    {
        _made.ForEach(static pending => pending.Request.Dispose());
        await _model.DisposeAsync();
    }

    [Fact]
    public void AsManyAsBefore_AreRunAtOnce()
    {
        Add(now: 9_000);
        End(rows: 3, now: 10_000);
        Add(now: 10_100);
        Add(now: 10_200);
        Assert.Equal((0, default), Decide(10_200));

        Add(now: 10_300);

        Assert.Equal((4, ReleaseReason.Preferred), Decide(10_300));
    }

    /// <summary>Rows are waited for, not requests.</summary>
    [Fact]
    public void RequestsOfSeveralRows_AreRunWhenTheirRowsAreThere()
    {
        Add(now: 9_000, rows: 4);
        End(rows: 3, now: 10_000);
        Add(now: 10_100, rows: 2);
        Assert.Equal((0, default), Decide(10_100));

        Add(now: 10_200);

        Assert.Equal((3, ReleaseReason.Preferred), Decide(10_200));
    }

    /// <summary>From when the lane was free, not from when the first came: he has waited for an execution that was none of his.</summary>
    [Fact]
    public void Fewer_AreRunAfterHalfOfWhatTheExecutionTakes()
    {
        Add(now: 3_000);
        End(rows: 3, now: 10_000);

        Assert.Equal((0, default), Decide(10_000 + (Cost / 2) - 1));
        Assert.Equal((1, ReleaseReason.DelayExpired), Decide(10_000 + (Cost * 4 / 3 / 2)));
    }

    [Fact]
    public void WhoeverIsAlone_WaitsOnce()
    {
        End(rows: 3, now: 10_000);
        Add(now: 20_000);
        Assert.Equal((0, default), Decide(20_000));
        Assert.Equal((1, ReleaseReason.DelayExpired), Decide(20_000 + Cost));

        _queue.Take(1, 21_000);
        End(rows: 1, now: 25_000);
        Add(now: 30_000);

        Assert.Equal((1, ReleaseReason.Preferred), Decide(30_000));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void NotToGatherOrToDrain_RunsWhatThereIs(bool gathers, bool isDraining)
    {
        _decider.Gathers = gathers;
        End(rows: 3, now: 10_000);
        Add(now: 20_000);

        Assert.Equal(1, _decider.Decide(isDraining, 20_000).Requests);
    }

    [Fact]
    public void NothingHasRunYet_RunsWhatThereIs()
    {
        Add(now: 20_000);

        Assert.Equal((1, ReleaseReason.LaneIdle), Decide(20_000));
    }

    /// <summary>Two that come during each execution, whatever is answered, are not the four that are waited for; four that come when they have been answered are.</summary>
    [Theory]
    [InlineData(2, true)]
    [InlineData(4, false)]
    public void ThoseWhoDoNotCome_AreToldOf(int comers, bool isInVain)
    {
        var now = 10_000L;
        End(rows: 4, now);
        AddAll();
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(isInVain && i >= 16, _decider.GathersInVain);
            var decision = _decider.Decide(isDraining: false, now += isInVain ? 4 * Cost : 0);
            Assert.Equal((comers, isInVain ? ReleaseReason.DelayExpired : ReleaseReason.Preferred), (decision.Requests, decision.Reason));
            _queue.Take(comers, now);
            _decider.OnTake(_model.Lanes[0], decision.Reason, now);
            if (isInVain)
            {
                AddAll();
                End(comers, now += Cost);
            }
            else
            {
                End(comers, now += Cost);
                AddAll();
            }
        }

        _decider.Gathers = false;
        Assert.False(_decider.GathersInVain);

        void AddAll()
        {
            for (var i = 0; i < comers; i++)
            {
                Add(now);
            }
        }
    }

    private void Add(long now, int rows = 1)
    {
        var pending = new PendingInference(_model.Rows(rows, 0f), rows, null, null, CancellationToken.None);
        _made.Add(pending);
        Assert.True(_queue.TryAdd(pending, now));
    }

    private void End(int rows, long now)
    {
        var lane = _model.Lanes[0];
        lane.Progress.End(rows, Cost, now);
        _decider.OnEnd(lane, now);
    }

    private (int Requests, ReleaseReason Reason) Decide(long now)
    {
        var decision = _decider.Decide(isDraining: false, now);
        return (decision.Requests, decision.Reason);
    }
}

using InferenceServer.Core.Scheduling;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>The queue alone, stepped with a clock of numbers: who is served next, who has waited too long, who is refused.</summary>
public sealed class RequestQueueTests : IAsyncDisposable
{
    private readonly ServedModelFixture _model = new();
    private readonly List<PendingInference> _made = [];
    private readonly FakeTimeProvider _time = new();
    private readonly List<PendingInference> _expired = [];

    [Fact]
    public void Levels_AreServedInStrictOrderAndEachInOrderOfArrival()
    {
        var queue = Make(Levels(3, new QueuePolicy()) with { DefaultLevel = 2 });
        Add(queue, "low", 3, now: 1);
        Add(queue, "unnamed", 0, now: 2);
        Add(queue, "beyond", 9, now: 3);
        Add(queue, "middle", 2, now: 4);
        Add(queue, "high", 1, now: 5);
        Assert.Equal(["high", "unnamed", "beyond", "middle", "low"], TakeAll(queue, 6));
    }

    [Fact]
    public void Batch_TakesLowerLevelsAlongWhenThereIsRoom()
    {
        var queue = Make(Levels(2, new QueuePolicy()));
        Add(queue, "low", 2, now: 1);
        Add(queue, "high", 1, now: 2);
        var head = queue.Peek(8, false, 0, 3);
        Assert.Equal(2, head.Rows.Length);

        // The oldest of them all says how long anybody has waited for company.
        Assert.Equal(1, head.OldestTimestamp);
        Assert.Equal(["high", "low"], queue.Take(2, 3).Select(static pending => pending.Request.Id));
        Assert.Equal((0, 0L, 0L), (queue.Count, queue.Bytes, queue.RowsAhead(2)));
    }

    [Fact]
    public void LevelThatIsFull_RefusesAndTheOthersDoNot()
    {
        var queue = Make(new QueueRules { MaxRequests = 3, Levels = [new QueuePolicy(), new QueuePolicy { MaxRequests = 1 }] });
        Assert.True(queue.TryAdd(Pending("a", 2), 1));
        Assert.False(queue.TryAdd(Pending("b", 2), 2));
        Assert.True(queue.TryAdd(Pending("c", 1), 3));
        Assert.True(queue.TryAdd(Pending("d", 1), 4));

        // What all of them may be together holds for each.
        Assert.False(queue.TryAdd(Pending("e", 1), 5));
        Assert.Equal(["c", "d", "a"], TakeAll(queue, 6));
    }

    [Fact]
    public void LateRequest_OfAPolicyThatDelays_GoesBehindThoseInTimeAndStaysForGood()
    {
        var queue = Make(Levels(2, new QueuePolicy { Timeout = Ticks(10), DelaysExpired = true }));
        Add(queue, "late", 1, now: 0);
        Add(queue, "low", 2, now: 5);
        Add(queue, "fresh", 1, now: 8);
        queue.RemoveExpired(10, _expired);
        Assert.Empty(_expired);
        queue.RemoveExpired(14, _expired);
        Assert.Empty(_expired);
        Assert.Equal(["fresh", "late", "low"], TakeAll(queue, 15));
    }

    [Fact]
    public void LateRequest_OfAPolicyThatRefuses_IsHandedOut()
    {
        var queue = Make(Levels(1, new QueuePolicy { Timeout = Ticks(10) }));
        Add(queue, "a", 1, now: 0);
        Add(queue, "b", 1, now: 5);
        queue.RemoveExpired(9, _expired);
        Assert.Empty(_expired);
        queue.RemoveExpired(10, _expired);
        Assert.Equal("a", Assert.Single(_expired).Request.Id);
        Assert.Equal(["b"], TakeAll(queue, 11));
    }

    [Theory]
    [InlineData(false, 0, 5, long.MaxValue)]
    [InlineData(true, 0, 5, 105)]
    [InlineData(true, 10, 5, 105)]
    [InlineData(true, 10, 20, 110)]
    [InlineData(false, 10, 5, 110)]
    [InlineData(true, 0, 0, long.MaxValue)]
    public void TimeoutOfTheRequest_CountsWhereItIsAllowedAndShorter(bool allows, long ofThePolicy, long own, long expected)
    {
        var queue = Make(Levels(1, new QueuePolicy { Timeout = Ticks(ofThePolicy), AllowsOverride = allows }));
        var pending = Pending("a", 1);
        pending.RequestedTimeout = Ticks(own);
        Assert.True(queue.TryAdd(pending, 100));
        Assert.Equal(expected, pending.QueueTimeoutTimestamp);
        Assert.Equal(expected == 105, pending.HasOwnTimeout);
    }

    [Fact]
    public void StarvedLevel_GetsOneRequestInEachBound()
    {
        var queue = Make(Levels(2, new QueuePolicy()) with { MaxStarvationTicks = 100 });
        Add(queue, "low1", 2, now: 0);
        Add(queue, "low2", 2, now: 0);
        var served = new List<string>();
        for (var now = 1L; now <= 300; now += 10)
        {
            Add(queue, $"high{now}", 1, now);
            queue.Peek(1, false, 0, now);
            served.Add(queue.Take(1, now)[0].Request.Id);
        }

        // At 101, and 100 after that: never sooner, never later.
        Assert.Equal([10, 20], served.Select((id, i) => (id, i)).Where(static one => one.id.StartsWith("low", StringComparison.Ordinal)).Select(static one => one.i));
        Assert.Equal(["low1", "low2"], served.Where(static id => id.StartsWith("low", StringComparison.Ordinal)));
    }

    [Fact]
    public void StarvationWithoutABound_IsStrictOrder()
    {
        var queue = Make(Levels(2, new QueuePolicy()));
        Add(queue, "low", 2, now: 0);
        Add(queue, "high", 1, now: 1_000_000);
        Assert.Equal(["high", "low"], TakeAll(queue, 2_000_000));
    }

    [Fact]
    public void StarvedRequest_LeadsABatchThatHigherOnesFill()
    {
        var queue = Make(Levels(2, new QueuePolicy()) with { MaxStarvationTicks = 100 });
        Add(queue, "low1", 2, now: 0);
        Add(queue, "low2", 2, now: 0);
        Add(queue, "high1", 1, now: 0);
        Add(queue, "high2", 1, now: 0);
        Assert.Equal(4, queue.Peek(8, false, 0, 100).Rows.Length);
        Assert.Equal(["low1", "high1", "high2", "low2"], queue.Take(4, 100).Select(static pending => pending.Request.Id));
    }

    [Fact]
    public void Retune_MovesWhatWaitsToItsLevelAndTimeout()
    {
        var queue = Make(Levels(1, new QueuePolicy()));
        Add(queue, "low", 2, now: 0);
        Add(queue, "high", 1, now: 5);
        queue.Retune(Levels(2, new QueuePolicy { Timeout = Ticks(20) }));
        queue.RemoveExpired(20, _expired);
        Assert.Equal("low", Assert.Single(_expired).Request.Id);
        Assert.Equal(["high"], TakeAll(queue, 21));
    }

    [Fact]
    public void LatestStart_IsWhatTheFirstOfThemLeavesTimeFor()
    {
        var queue = Make(Levels(1, new QueuePolicy { Timeout = Ticks(50) }));
        var pending = Pending("a", 1);
        pending.DeadlineTimestamp = 40;
        Assert.True(queue.TryAdd(pending, 0));
        Assert.True(queue.TryAdd(Pending("b", 1), 1));
        Assert.Equal(30, queue.Peek(8, false, executionTicks: 10, 2).LatestStartTimestamp);
    }

    [Fact]
    public void Variants_AreNotMixedAndTheOldestLeads()
    {
        var queue = Make(Levels(1, new QueuePolicy()));
        foreach (var id in new[] { "a1", "b1", "a2", "-1", "b2", "a3", "-2" })
        {
            AddVariant(queue, id, 1);
        }

        Assert.Equal(["a1 a2 a3", "b1 b2", "-1 -2"], TakeBatches(queue, 8));
        Assert.Equal((0, 0L), (queue.Count, queue.Bytes));
    }

    [Fact]
    public void Variants_FillABatchAndNoMore()
    {
        var queue = Make(Levels(1, new QueuePolicy()));
        foreach (var id in new[] { "a1", "b1", "a2", "a3", "b2" })
        {
            AddVariant(queue, id, 1);
        }

        Assert.Equal(["a1 a2", "b1 b2", "a3"], TakeBatches(queue, 2));
        AddVariant(queue, "a4", 1);
        AddVariant(queue, "b3", 1);
        Assert.Equal(["a4", "b3"], TakeBatches(queue, 1));
    }

    [Fact]
    public void Variants_OfHigherPriorityLeadAndOthersOfTheSameRideAlong()
    {
        var queue = Make(Levels(2, new QueuePolicy()));
        AddVariant(queue, "a1", 2);
        AddVariant(queue, "b1", 2);
        AddVariant(queue, "b2", 1);
        AddVariant(queue, "a2", 1);
        Assert.Equal(["b2 b1", "a2 a1"], TakeBatches(queue, 8));
    }

    [Fact]
    public void Variants_WithOthersPassedOver_DoNotWaitForCompany()
    {
        var queue = Make(Levels(1, new QueuePolicy()));
        AddVariant(queue, "a1", 1);
        Assert.False(queue.Peek(8, false, 0, 1).IsNextIncompatible);
        AddVariant(queue, "b1", 1);
        AddVariant(queue, "a2", 1);
        var head = queue.Peek(8, false, 0, 1);
        Assert.True(head.IsNextIncompatible);
        Assert.Equal(2, head.Rows.Length);
        Assert.Equal(ReleaseReason.ShapeMismatch, BatchPolicy.Decide(head, new BatchLimits(8, [], 1_000_000), 1).Reason);
    }

    [Fact]
    public void Variants_NobodyIsPassedOverByMoreBatchesThanStoodBeforeHim()
    {
        var queue = Make(Levels(1, new QueuePolicy()));
        AddVariant(queue, "a1", 1);
        AddVariant(queue, "b1", 1);
        for (var i = 2; i < 100; i++)
        {
            // However many of the first come: he is next.
            AddVariant(queue, $"a{i}", 1);
            var led = TakeBatch(queue, 4);
            if (i == 3)
            {
                Assert.Equal("b1", led);
                return;
            }
        }
    }

    [Fact]
    public void Variants_TheSearchForCompanyIsBounded()
    {
        var queue = Make(Levels(1, new QueuePolicy()) with { MaxRequests = 1000 });
        AddVariant(queue, "a1", 1);
        for (var i = 0; i < 300; i++)
        {
            AddVariant(queue, $"b{i}", 1);
        }

        AddVariant(queue, "a2", 1);
        Assert.Equal(1, queue.Peek(8, false, 0, 1).Rows.Length);
    }

    public async ValueTask DisposeAsync()
    {
        _made.ForEach(static pending => pending.Request.Dispose());
        await _model.DisposeAsync();
    }

    private static QueueRules Levels(int count, QueuePolicy policy) => new() { MaxRequests = 100, Levels = [.. Enumerable.Repeat(policy, count)] };

    private TimeSpan Ticks(long count) => _time.GetElapsedTime(0, count);

    private RequestQueue Make(QueueRules rules) => new(rules, 1 << 20, new BatchCompatibility([]), _time);

    private PendingInference Pending(string id, ulong priority)
    {
        var pending = new PendingInference(_model.Rows(1, 0f, id), 1, null, null, CancellationToken.None) { Priority = priority };
        _made.Add(pending);
        return pending;
    }

    /// <summary>A request whose variant is the first letter of its id; none for a dash.</summary>
    private void AddVariant(RequestQueue queue, string id, ulong priority)
    {
        var pending = new PendingInference(_model.Rows(1, 0f, id), 1, null, null, CancellationToken.None) { Priority = priority, Variant = id[0] == '-' ? null : id[..1] };
        _made.Add(pending);
        Assert.True(queue.TryAdd(pending, 1));
    }

    private static string TakeBatch(RequestQueue queue, int maxRows)
    {
        var count = queue.Peek(maxRows, false, 0, 2).Rows.Length;
        return string.Join(' ', queue.Take(count, 2).Select(static pending => pending.Request.Id));
    }

    private static List<string> TakeBatches(RequestQueue queue, int maxRows)
    {
        var batches = new List<string>();
        while (queue.Count > 0)
        {
            batches.Add(TakeBatch(queue, maxRows));
        }

        return batches;
    }

    private void Add(RequestQueue queue, string id, ulong priority, long now) => Assert.True(queue.TryAdd(Pending(id, priority), now));

    private static List<string> TakeAll(RequestQueue queue, long now)
    {
        var ids = new List<string>();
        while (queue.Count > 0)
        {
            queue.Peek(1, false, 0, now);
            ids.Add(queue.Take(1, now)[0].Request.Id);
        }

        return ids;
    }
}

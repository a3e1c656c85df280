using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Sequences;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Core.Tests.Sequences;

/// <summary>The table alone, stepped with a clock of numbers through everything that may happen to sequences, in any order.</summary>
public sealed class SequenceTableTests : IAsyncDisposable
{
    private const int Ids = 9;

    private readonly ServedModelFixture _model = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<PendingInference> _made = [];

    // What a lane has, by sequence; what waits, in order of arrival; what has ended, and how.
    private readonly Dictionary<PendingInference, Sequence> _running = [];
    private readonly List<PendingInference> _waiting = [];
    private readonly HashSet<PendingInference> _ended = [];
    private readonly HashSet<Sequence> _freed = [];
    private long _now;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 3)]
    [InlineData(3, 2, 2)]
    [InlineData(4, 3, 8)]
    [InlineData(5, 2, 1)]
    public void AnyInterleaving_KeepsOneOwnerASlotAndLosesNothing(int seed, int lanes, int slots)
    {
        var random = new Random(seed);
        var table = new SequenceTable(
            new SequenceLimits { SlotsPerLane = slots, HasFixedRows = true, MaxIdleTicks = 40, MaxWaiting = 12, MaxWaitingBytes = 1 << 20 }, lanes, [], _time);
        var counts = new int[6];
        for (var step = 0; step < 4000; step++)
        {
            _now += random.Next(4);
            var effects = new SequenceEffects();
            var choice = random.Next(20);
            if (choice < 9)
            {
                counts[0] += Arrive(table, random, effects) ? 1 : 0;
            }
            else if (choice < 15 && _running.Count > 0)
            {
                var pending = _running.Keys.ElementAt(random.Next(_running.Count));
                var isBroken = random.Next(12) == 0;
                End(pending);
                table.End(pending, isBroken, _now, effects);
                counts[isBroken ? 1 : 2]++;
            }
            else if (choice < 17 && _waiting.Count > 0)
            {
                Assert.True(table.Abandon(_waiting[random.Next(_waiting.Count)], effects));
                counts[3]++;
            }
            else if (choice < 18 && _running.Count > 0)
            {
                // Too late: it runs.
                Assert.False(table.Abandon(_running.Keys.First(), effects));
            }
            else
            {
                _now += random.Next(60);
                table.Expire(_now, effects);
                counts[4]++;
            }

            Settle(table, random, effects);
            Check(table, lanes, slots);
        }

        // Whatever was admitted comes to its end.
        while (_running.Count > 0)
        {
            var effects = new SequenceEffects();
            var pending = _running.Keys.First();
            End(pending);
            table.End(pending, isBroken: true, _now, effects);
            Settle(table, random, effects);
        }

        _now += 1000;
        var last = new SequenceEffects();
        table.Expire(_now, last);
        Settle(table, random, last);
        Assert.Empty(_waiting);
        Assert.Equal((0, 0, 0L, 0), (table.Active, table.Waiting, table.WaitingBytes, table.Backlog));
        Assert.All(counts[..5], static count => Assert.True(count > 20));
        Assert.Equal(counts[0], _ended.Count);
    }

    [Fact]
    public void NewSequence_DoesNotOvertakeThoseThatWaitForASlot()
    {
        var table = new SequenceTable(new SequenceLimits { SlotsPerLane = 1, HasFixedRows = false, MaxIdleTicks = 40, MaxWaiting = 12, MaxWaitingBytes = 1 << 20 }, 1, [], _time);
        var effects = new SequenceEffects();
        Assert.Null(table.Admit(Make(1, isStart: true, isEnd: true), 0, effects));
        Assert.Null(table.Admit(Make(2, isStart: true, isEnd: true), 1, effects));
        var first = effects.TakeRun()!;
        table.End(first, isBroken: false, 2, effects);
        var third = Make(3, isStart: true, isEnd: true);
        Assert.Null(table.Admit(third, 3, effects));
        var second = effects.TakeRun()!;
        Assert.Equal(2UL, second.Step!.Id.Number);
        Assert.Null(effects.TakeRun());
        table.End(second, isBroken: false, 4, effects);
        Assert.Same(third, effects.TakeRun());
        table.End(third, isBroken: false, 5, effects);
        Dispose(effects);
    }

    [Fact]
    public void RequestThatItsLaneRefuses_LeavesItsSequenceAsItWas()
    {
        var table = new SequenceTable(new SequenceLimits { SlotsPerLane = 2, HasFixedRows = false, MaxIdleTicks = 40, MaxWaiting = 12, MaxWaitingBytes = 1 << 20 }, 1, [], _time);
        var effects = new SequenceEffects();
        var start = Make(1, isStart: true, isEnd: false);
        Assert.Null(table.Admit(start, 0, effects));
        table.Undo(effects.TakeRun()!, 1, effects);
        Assert.False(table.IsOpen(start.Step!.Id));
        Assert.Equal(0, table.Active);

        var again = Make(1, isStart: true, isEnd: false);
        Assert.Null(table.Admit(again, 2, effects));
        table.End(effects.TakeRun()!, isBroken: false, 3, effects);
        var end = Make(1, isStart: false, isEnd: true);
        Assert.Null(table.Admit(end, 4, effects));
        Assert.False(table.IsOpen(end.Step!.Id));
        table.Undo(effects.TakeRun()!, 5, effects);
        Assert.True(table.IsOpen(end.Step.Id));
        Assert.Equal(1, table.Active);
        Assert.Equal(45, table.NextDue);
        table.EndIdle(6, effects);
        Dispose(effects);
    }

    public async ValueTask DisposeAsync()
    {
        _made.ForEach(static pending => pending.Request.Dispose());
        await _model.DisposeAsync();
    }

    private static void Dispose(SequenceEffects effects)
    {
        foreach (var sequence in effects.Freed)
        {
            sequence.Dispose();
        }
    }

    private bool Arrive(SequenceTable table, Random random, SequenceEffects effects)
    {
        var pending = Make((ulong)random.Next(1, Ids), isStart: random.Next(4) == 0, isEnd: random.Next(6) == 0);
        pending.RequestedTimeout = random.Next(5) == 0 ? _time.GetElapsedTime(0, 20) : TimeSpan.Zero;
        var wasOpen = table.IsOpen(pending.Step!.Id);
        var wasFull = table.Waiting >= 12;
        if (table.Admit(pending, _now, effects) is { } refusal)
        {
            Assert.True(refusal.Code == Abstractions.Errors.ErrorCode.Unavailable ? wasFull : !wasOpen && !pending.Step.IsStart, refusal.Message);
            return false;
        }

        Assert.True(wasOpen || pending.Step.IsStart);
        Assert.Equal(!pending.Step.IsEnd, table.IsOpen(pending.Step.Id));
        _waiting.Add(pending);
        return true;
    }

    /// <summary>Does what the table says, now and then as a lane that will not have a request.</summary>
    private void Settle(SequenceTable table, Random random, SequenceEffects effects)
    {
        while (effects.TakeRun() is { } next)
        {
            var sequence = next.Step!.Sequence!;

            // The oldest of its sequence, which has nothing else running.
            Assert.Same(next, _waiting.First(pending => ReferenceEquals(pending.Step!.Sequence, sequence)));
            Assert.DoesNotContain(sequence, _running.Values);
            _waiting.Remove(next);
            _running.Add(next, sequence);
            if (random.Next(15) == 0)
            {
                End(next);
                table.End(next, isBroken: true, _now, effects);
            }
        }

        foreach (var (pending, _) in effects.Failed)
        {
            Assert.True(_waiting.Remove(pending));
            Assert.True(_ended.Add(pending));
        }

        foreach (var sequence in effects.Freed)
        {
            Assert.True(_freed.Add(sequence));
            sequence.Dispose();
        }
    }

    private void End(PendingInference pending)
    {
        Assert.True(_running.Remove(pending));
        Assert.True(_ended.Add(pending));
    }

    private void Check(SequenceTable table, int lanes, int slots)
    {
        var owners = _running.Values.Concat(_waiting.Select(static pending => pending.Step!.Sequence!)).Where(static sequence => sequence.Slot is not null).Distinct().ToList();
        Assert.Equal(owners.Count, owners.Select(static sequence => sequence.Slot).Distinct().Count());
        Assert.All(owners, sequence => Assert.True(sequence.Slot!.Value.Index < slots && sequence.Slot.Value.Lane < lanes && sequence.Row == sequence.Slot.Value.Index));
        Assert.True(table.Active >= owners.Count && table.Active <= lanes * slots);
        Assert.Equal(table.Active, Enumerable.Range(0, lanes).Sum(table.ActiveOf));
        Assert.Equal(_waiting.Count, table.Waiting);
        Assert.Equal(_waiting.Sum(static pending => pending.Bytes), table.WaitingBytes);

        // Nobody waits for a slot while one is free.
        Assert.True(table.Backlog == 0 || table.Active == lanes * slots);
        Assert.All(owners, sequence => Assert.DoesNotContain(sequence, _freed));
    }

    private PendingInference Make(ulong id, bool isStart, bool isEnd)
    {
        var pending = new PendingInference(_model.Rows(1, 0f), 1, null, null, CancellationToken.None) { Step = new SequenceStep(new SequenceId(id, null), isStart, isEnd) };
        _made.Add(pending);
        return pending;
    }
}

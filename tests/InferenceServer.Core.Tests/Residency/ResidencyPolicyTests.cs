using InferenceServer.Core.Residency;
using Xunit;

namespace InferenceServer.Core.Tests.Residency;

/// <summary>The decision about the memory, as a table: the budget is 100 bytes.</summary>
public sealed class ResidencyPolicyTests
{
    private const long Budget = 100;

    private static readonly TimeSpan s_short = ResidencyPolicy.Patience / 2;

    [Fact]
    public void WithoutABudget_EveryLoadBegins()
    {
        var decision = ResidencyPolicy.Decide([Idle("a", 1000, 1)], [Wait(1, "b", 1000), Wait(2, "c", 1000)], 0);
        Assert.Equal([1, 2], decision.Start);
        Assert.Empty(decision.Evict);
    }

    [Fact]
    public void WhereThereIsRoom_TheOldestLoadBeginsAlone()
    {
        var decision = ResidencyPolicy.Decide([Idle("a", 40, 1)], [Wait(1, "b", 30), Wait(2, "c", 30)], Budget);
        Assert.Equal([1], decision.Start);
        Assert.Empty(decision.Evict);
    }

    [Fact]
    public void WhileOneLoads_NoOtherBegins() =>
        Assert.Empty(ResidencyPolicy.Decide([new ResidentModel("a", 10) { IsLoading = true }], [Wait(1, "b", 10)], Budget).Start);

    [Fact]
    public void WhereThereIsNoRoom_TheModelsLeaveThatWereIdleForLongest_AndNoMoreThanNeeded()
    {
        var decision = ResidencyPolicy.Decide([Idle("a", 30, 1), Idle("b", 30, 3), Idle("c", 30, 2)], [Wait(1, "d", 60)], Budget);
        Assert.Equal([("b", EvictionReason.Memory), ("c", EvictionReason.Memory)], decision.Evict);
        Assert.Empty(decision.Start);
    }

    [Fact]
    public void WhatIsOnItsWayOut_IsWaitedFor()
    {
        var decision = ResidencyPolicy.Decide([new ResidentModel("a", 60) { Leaving = 60 }, Idle("b", 40, 1)], [Wait(1, "c", 60)], Budget);
        Assert.Empty(decision.Evict);
        Assert.Empty(decision.Start);
        Assert.Null(decision.LookAgain);
    }

    [Fact]
    public void ModelInUse_StaysUntilTheLoadHasWaitedForLong()
    {
        var busy = Idle("a", 80, 0) with { IsInUse = true, Age = TimeSpan.FromMinutes(1) };
        var early = ResidencyPolicy.Decide([busy], [Wait(1, "b", 50)], Budget);
        Assert.Empty(early.Evict);
        Assert.Equal(["a"], early.WaitsFor);
        Assert.Equal(s_short, early.LookAgain);
        var late = ResidencyPolicy.Decide([busy], [Wait(1, "b", 50, ResidencyPolicy.Patience)], Budget);
        Assert.Equal([("a", EvictionReason.Memory)], late.Evict);
        Assert.Empty(late.WaitsFor);
    }

    [Fact]
    public void ModelInUseThatHasJustCome_StaysForAMoment()
    {
        var busy = Idle("a", 80, 0) with { IsInUse = true, Age = s_short };
        var decision = ResidencyPolicy.Decide([busy], [Wait(1, "b", 50, TimeSpan.FromMinutes(1))], Budget);
        Assert.Empty(decision.Evict);
        Assert.Equal(s_short, decision.LookAgain);
    }

    [Fact]
    public void PinnedModels_NeverLeave_AndWhatHasNoRoomBesideThemIsRefused()
    {
        var pinned = new ResidentModel("a", 70) { IsPinned = true };
        var decision = ResidencyPolicy.Decide([pinned, Idle("b", 20, 1)], [Wait(1, "c", 40), Wait(2, "d", 30)], Budget);
        Assert.Equal([("b", EvictionReason.Memory)], decision.Evict);
        var (id, reason) = Assert.Single(decision.Refuse);
        Assert.Equal(1, id);
        Assert.Equal("it needs 40 bytes of memory, and the budget of 100 bytes cannot have them free: pinned models take 70", reason);
    }

    [Fact]
    public void ReplacementWithoutRoomBesideWhatServes_IsRefused()
    {
        var decision = ResidencyPolicy.Decide([Idle("a", 60, 1) with { CanLeave = false }], [Wait(1, "a", 60)], Budget);
        Assert.EndsWith(", and the version that serves now 60", Assert.Single(decision.Refuse).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void MoreThanTheBudget_IsMendedAsSoonAsAModelIsIdle()
    {
        var decision = ResidencyPolicy.Decide([Idle("a", 60, 1), Idle("b", 60, 2)], [], Budget);
        Assert.Equal([("b", EvictionReason.Memory)], decision.Evict);
        var busy = ResidencyPolicy.Decide([Idle("a", 60, 1) with { IsInUse = true }, Idle("b", 60, 2) with { IsInUse = true }], [], Budget);
        Assert.Empty(busy.Evict);
        Assert.Equal(["a", "b"], busy.WaitsFor);
    }

    [Fact]
    public void ModelThatIsIdleForItsTime_Leaves_AndTheNextOneIsAwaited()
    {
        var idleFor = TimeSpan.FromSeconds(10);
        var decision = ResidencyPolicy.Decide(
            [Idle("a", 1, 10) with { IdleUnload = idleFor }, Idle("b", 1, 7) with { IdleUnload = idleFor }, Idle("c", 1, 100), Idle("d", 1, 100) with { IdleUnload = idleFor, IsInUse = true }], [], 0);
        Assert.Equal([("a", EvictionReason.Idle)], decision.Evict);
        Assert.Equal(TimeSpan.FromSeconds(3), decision.LookAgain);
    }

    [Fact]
    public void ModelInUse_IsLookedAtAgainAfterItsTime_SinceNothingTellsThatItHasBecomeIdle() => Assert.Equal(
        TimeSpan.FromSeconds(10),
        ResidencyPolicy.Decide([Idle("a", 1, 0) with { IdleUnload = TimeSpan.FromSeconds(10), IsInUse = true }], [], 0).LookAgain);

    private static ResidentModel Idle(string name, long bytes, int seconds) => new(name, bytes) { CanLeave = true, Idle = TimeSpan.FromSeconds(seconds) };

    private static WaitingLoad Wait(long id, string model, long bytes, TimeSpan? waited = null) => new(id, model, bytes, waited ?? s_short);
}

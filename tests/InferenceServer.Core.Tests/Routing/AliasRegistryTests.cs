using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Routing;
using Xunit;

namespace InferenceServer.Core.Tests.Routing;

public sealed class AliasRegistryTests
{
    private const string Canary = """{"targets": [{"model": "m", "version": 1, "weight": 90, "stable": true}, {"model": "m", "version": 2, "weight": 10}], "rollback": {"max_error_rate": 0.1, "min_requests": 2}}""";

    private readonly AliasFixture _aliases = new();

    private AliasRegistry Registry => _aliases.Registry;

    [Fact]
    public async Task Promote_TheOnlyOtherTarget_GetsEverythingAndWhatWasIsRemembered()
    {
        await _aliases.PutAsync("a", Canary);
        Assert.Null(Registry.Promote("a", default, AliasCondition.None).Error);
        Assert.Equal("m1=0 m2=100*", _aliases.Weights("a"));
        Assert.Equal([90, 10], Registry.Find("a")!.Previous!.Targets.Select(static target => target.Weight));

        // The promoted version turns out to be bad: one call brings the old one back, and none of the new one stays.
        Assert.Null(Registry.RollBack("a", default, AliasCondition.None).Error);
        Assert.Equal("m1=100* m2=0", _aliases.Weights("a"));
        Assert.Equal(RollbackCause.Request, Registry.Find("a")!.RolledBack?.Cause);
        Assert.Equal([0, 0, 1], Registry.Find("a")!.Rollbacks);

        // A second call does not bring it back by mistake.
        Assert.Contains("not changed", Registry.RollBack("a", default, AliasCondition.None).Error?.Message, StringComparison.Ordinal);
        Assert.Equal("m1=100* m2=0", _aliases.Weights("a"));
        Assert.Null(Registry.RollBack("a", AliasFixture.Bytes("""{"to": "previous"}"""), AliasCondition.None).Error);
        Assert.Equal("m1=0 m2=100*", _aliases.Weights("a"));
        Assert.Null(Registry.Find("a")!.RolledBack);
    }

    [Fact]
    public async Task Promote_OneOfSeveral_MustBeNamed()
    {
        await _aliases.PutAsync("a", """{"targets": [{"model": "m", "weight": 2, "stable": true}, {"model": "n", "weight": 1}, {"model": "n", "version": 4, "weight": 1}]}""");
        Assert.Contains("must say which one is meant", Registry.Promote("a", default, AliasCondition.None).Error?.Message, StringComparison.Ordinal);
        Assert.Contains("'n' version 5 is none of its targets, which are 'm', 'n', 'n' version 4", Registry.Promote("a", AliasFixture.Bytes("""{"model": "n", "version": 5}"""), AliasCondition.None).Error?.Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'version'", Registry.Promote("a", AliasFixture.Bytes("""{"model": "n", "verzion": 4}"""), AliasCondition.None).Error?.Message, StringComparison.Ordinal);
        Assert.Contains("has a 'version' and no 'model'", Registry.Promote("a", AliasFixture.Bytes("""{"version": 4}"""), AliasCondition.None).Error?.Message, StringComparison.Ordinal);
        Assert.Null(Registry.Promote("a", AliasFixture.Bytes("""{"model": "n", "version": 4}"""), AliasCondition.None).Error);
        Assert.Equal("m=0 n=0 n4=4*", _aliases.Weights("a"));
    }

    [Fact]
    public async Task Conditions_OfTwoOperators_KeepOneFromUndoingTheOthersChange()
    {
        var isNew = new AliasCondition { MustBeNew = true };
        var first = await _aliases.TryPutAsync("a", Canary, isNew);
        Assert.Null(first.Error);
        Assert.True((await _aliases.TryPutAsync("a", Canary, isNew)).IsConflict);
        var seen = new AliasCondition { Tags = [first.Status!.Tag] };
        Assert.Null(Registry.Promote("a", default, seen).Error);
        var late = Registry.RollBack("a", default, seen);
        Assert.True(late.IsConflict);
        Assert.Contains(Registry.Find("a")!.Tag, late.Error!.Message, StringComparison.Ordinal);
        Assert.True(Registry.Delete("a", seen).IsConflict);
        Assert.True((await _aliases.TryPutAsync("a", Canary, seen)).IsConflict);
        Assert.Equal("m1=0 m2=100*", _aliases.Weights("a"));
        Assert.True((await _aliases.TryPutAsync("b", Canary, new AliasCondition { Tags = ["*"] })).IsConflict);
        Assert.Null(Registry.Delete("a", new AliasCondition { Tags = ["other", Registry.Find("a")!.Tag] }).Error);
        Assert.Null(Registry.Find("a"));
        Assert.Equal(ErrorCode.NotFound, Registry.Delete("a", AliasCondition.None).Error?.Code);
    }

    [Theory]
    [InlineData("m", ErrorCode.AlreadyExists)]
    [InlineData("../x", ErrorCode.InvalidArgument)]
    public async Task Put_NameThatCannotBe_IsRefused(string name, ErrorCode code) => Assert.Equal(code, (await _aliases.TryPutAsync(name, Canary)).Error?.Code);

    [Fact]
    public async Task Put_TargetThatIsAnAlias_IsRefused()
    {
        await _aliases.PutAsync("a", Canary);
        Assert.Contains("'a' is an alias itself", (await _aliases.TryPutAsync("b", """{"targets": [{"model": "a", "weight": 1}]}""")).Error?.Message, StringComparison.Ordinal);
        Assert.Contains("'a' is an alias itself", (await _aliases.TryPutAsync("b", """{"targets": [{"model": "m", "weight": 1}], "shadow": {"model": "a"}}""")).Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_MoreThanThereMayBe_IsRefused()
    {
        for (var i = 0; i < AliasConfig.MaxAliases; i++)
        {
            await _aliases.PutAsync($"a{i}", """{"targets": [{"model": "m", "weight": 1}]}""");
        }

        Assert.Equal(ErrorCode.ResourceExhausted, (await _aliases.TryPutAsync("b", Canary)).Error?.Code);
        await _aliases.PutAsync("a5", Canary);
    }

    [Theory]
    [InlineData(ModelControlMode.None)]
    [InlineData(ModelControlMode.Poll)]
    public async Task Changes_WhereFilesDecide_AreRefused(ModelControlMode mode)
    {
        var aliases = new AliasFixture(mode);
        aliases.Apply(Config("a", 90, 10));
        foreach (var change in new[]
        {
            await aliases.TryPutAsync("a", Canary), aliases.Registry.Delete("a", AliasCondition.None), aliases.Registry.Promote("a", default, AliasCondition.None),
            aliases.Registry.RollBack("a", default, AliasCondition.None), aliases.Registry.RollBack("a", AliasFixture.Bytes("{\"to\": 5}"), AliasCondition.None),
        })
        {
            Assert.Equal("--model-control-mode", change.Error?.Subject);
        }

        Assert.Equal("m1=90* m2=10", aliases.Weights("a"));
    }

    [Fact]
    public async Task RollBack_OfAnAliasThatHasBeenChangedMeanwhile_IsForgotten()
    {
        _aliases.Serve("m", 1, 2);
        await _aliases.PutAsync("a", Canary);
        var old = Registry.FindRoute("a")!;
        await _aliases.PutAsync("a", Canary);
        Registry.RollBack(old, old.Config.Targets[1], new RollbackDecision(RollbackCause.ErrorRate, "why"));
        Assert.Equal("m1=90* m2=10", _aliases.Weights("a"));
        var now = Registry.FindRoute("a")!;
        Registry.RollBack(now, now.Config.Targets[1], new RollbackDecision(RollbackCause.ErrorRate, "why"));
        Assert.Equal("m1=100* m2=0", _aliases.Weights("a"));
        Assert.Equal("of 'm' version 2, why", Registry.Find("a")!.RolledBack?.Reason);
        Registry.RollBack(now, now.Config.Targets[1], new RollbackDecision(RollbackCause.ErrorRate, "why"));
        Assert.Equal([1, 0, 0], Registry.Find("a")!.Rollbacks);
    }

    [Fact]
    public void File_ThatSaysTheSameAsBefore_LeavesARollbackInForce()
    {
        var aliases = new AliasFixture(ModelControlMode.Poll);
        aliases.Serve("m", 1, 2);
        aliases.Apply(Config("a", 90, 10), Config("b", 50, 50));
        var route = aliases.Registry.FindRoute("a")!;
        aliases.Registry.RollBack(route, route.Config.Targets[1], new RollbackDecision(RollbackCause.Latency, "why"));
        aliases.Apply(Config("a", 90, 10), Config("b", 60, 40));
        Assert.Equal("m1=100* m2=0", aliases.Weights("a"));
        Assert.Equal("m1=60* m2=40", aliases.Weights("b"));
        aliases.Apply(Config("a", 95, 5));
        Assert.Equal("m1=95* m2=5", aliases.Weights("a"));
        Assert.Null(aliases.Registry.Find("a")!.RolledBack);
        Assert.Null(aliases.Registry.Find("b"));
    }

    /// <summary>The canary may err; with nobody else to answer, it is better than nothing.</summary>
    [Fact]
    public async Task RollBack_ToAStableTargetThatDoesNotServe_IsPutOff()
    {
        _aliases.Serve("m", 2);
        await _aliases.PutAsync("a", Canary);
        var route = Registry.FindRoute("a")!;
        Registry.RollBack(route, route.Config.Targets[1], new RollbackDecision(RollbackCause.ErrorRate, "why"));
        Assert.Equal("m1=90* m2=10", _aliases.Weights("a"));
        _aliases.Serve("m", 1, 2);
        Registry.RollBack(route, route.Config.Targets[1], new RollbackDecision(RollbackCause.ErrorRate, "why"));
        Assert.Equal("m1=100* m2=0", _aliases.Weights("a"));
    }

    [Fact]
    public async Task WhatIsShown_CanBePutBack()
    {
        await _aliases.PutAsync("a", """{"targets": [{"model": "m", "version": 1, "weight": 900000, "stable": true}, {"model": "m", "version": 2, "weight": 200000}]}""");
        Assert.Null(Registry.Promote("a", default, AliasCondition.None).Error);
        Assert.Equal("m1=0 m2=1000000*", _aliases.Weights("a"));
    }

    [Fact]
    public void File_ThatIsWrong_ChangesNothing()
    {
        var aliases = new AliasFixture(ModelControlMode.Poll);
        aliases.Apply(Config("a", 90, 10));
        aliases.Registry.Apply(new AliasFileSet([Config("a", 1, 1)], ["aliases.json:1:1: why"], "2"));
        Assert.Equal("m1=90* m2=10", aliases.Weights("a"));
        Assert.Equal(["aliases.json:1:1: why"], aliases.Registry.FileProblems);
        aliases.Apply(Config("a", 1, 1));
        Assert.Empty(aliases.Registry.FileProblems);
    }

    [Fact]
    public async Task Model_OfTheSameName_GoesBeforeTheAlias()
    {
        await using var model = new ServedModelFixture(name: "a");
        await _aliases.PutAsync("a", Canary);
        Assert.NotNull(Registry.FindRoute("a"));
        _aliases.Catalog.Publish(new ServingSnapshot([new ServedVersions("a", [model.Served], [])]));
        Assert.Null(Registry.FindRoute("a"));
        Assert.True(Registry.Find("a")!.IsHidden);
        Assert.False(Registry.Find("a")!.IsReady);
        _aliases.Catalog.Publish(new ServingSnapshot([new ServedVersions("a", [], [1]) { IsLoading = true }]));
        Assert.NotNull(Registry.FindRoute("a"));
    }

    [Fact]
    public void FindRoute_WithoutAliases_AllocatesNothing()
    {
        Registry.FindRoute("m");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Registry.FindRoute("m");
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static AliasConfig Config(string name, double stable, double canary) =>
        new(name, [new AliasTarget("m", 1, stable, true), new AliasTarget("m", 2, canary, false)]) { Rollback = new RollbackConfig { MaxErrorRate = 0.1 } };
}

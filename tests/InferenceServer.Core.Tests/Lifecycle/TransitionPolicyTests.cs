using InferenceServer.Core.Lifecycle;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

public sealed class TransitionPolicyTests
{
    [Fact]
    public void NewVersion_IsLoadedAndTheOldStaysUntilItIsReady()
    {
        AssertActions([S(1, 1, ModelState.Ready)], [(2, "a")], load: [2], unload: []);
        AssertActions([S(1, 1, ModelState.Ready), S(2, 2, ModelState.Loading)], [(2, "a")], load: [], unload: []);
        AssertActions([S(1, 1, ModelState.Ready), S(2, 2, ModelState.Ready)], [(2, "a")], load: [], unload: [1]);
    }

    [Fact]
    public void NewVersionThatFails_LeavesTheOldServing() =>
        AssertActions([S(1, 1, ModelState.Ready), S(2, 2, ModelState.Failed)], [(2, "a")], load: [], unload: []);

    [Fact]
    public void OneOfTwoNewVersionsFails_TheOtherReplacesTheOld() =>
        AssertActions([S(1, 1, ModelState.Ready), S(2, 2, ModelState.Failed), S(3, 3, ModelState.Ready)], [(2, "a"), (3, "a")], load: [], unload: [1]);

    [Fact]
    public void RevertToASmallerVersion_WorksLikeAnyReplacement()
    {
        AssertActions([S(1, 5, ModelState.Ready)], [(4, "a")], load: [4], unload: []);
        AssertActions([S(1, 5, ModelState.Ready), S(2, 4, ModelState.Ready)], [(4, "a")], load: [], unload: [1]);
    }

    [Fact]
    public void UnaspiredThenReaspiredWhileDraining_IsLoadedAnew() =>
        AssertActions([S(1, 1, ModelState.Draining)], [(1, "a")], load: [1], unload: []);

    [Fact]
    public void UnwantedModel_IsUnloadedAtOnce() =>
        AssertActions([S(1, 1, ModelState.Ready), S(2, 2, ModelState.Loading), S(3, 3, ModelState.Failed)], [], load: [], unload: [1]);

    [Fact]
    public void ChangedFiles_AreLoadedBesideAndSwapped()
    {
        AssertActions([S(1, 1, ModelState.Ready)], [(1, "b")], load: [1], unload: []);
        AssertActions([S(1, 1, ModelState.Ready), S(2, 1, ModelState.Loading, "b")], [(1, "b")], load: [], unload: []);
        AssertActions([S(1, 1, ModelState.Ready), S(2, 1, ModelState.Ready, "b")], [(1, "b")], load: [], unload: [1]);
        AssertActions([S(1, 1, ModelState.Ready), S(2, 1, ModelState.Failed, "b")], [(1, "b")], load: [], unload: []);
    }

    [Fact]
    public void FilesThatGoBackWhileTheOthersLoad_AreTheOnesThatServe() =>
        AssertActions([S(1, 1, ModelState.Ready), S(2, 1, ModelState.Ready, "b")], [(1, "a")], load: [], unload: [2]);

    [Fact]
    public void UnchangedVersion_IsNeverTouched() =>
        AssertActions([S(1, 1, ModelState.Ready), S(2, 2, ModelState.Ready)], [(1, "a"), (2, "a"), (3, "a")], load: [3], unload: []);

    [Fact]
    public void FailedVersion_IsNotLoadedAgainWhileItsFilesAreTheSame() =>
        AssertActions([S(1, 1, ModelState.Failed)], [(1, "a")], load: [], unload: []);

    private static IncarnationStatus S(long id, long number, ModelState state, string fingerprint = "a") => new(id, number, fingerprint, state);

    private static void AssertActions(IncarnationStatus[] statuses, (long, string)[] wanted, long[] load, long[] unload)
    {
        Assert.Equal(load, TransitionPolicy.ToLoad(statuses, wanted).Select(static version => version.Number));
        Assert.Equal(unload, TransitionPolicy.ToUnload(statuses, wanted).Select(static status => status.Id));
    }
}

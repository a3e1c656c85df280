using InferenceServer.Core.Mirrors;
using Xunit;

namespace InferenceServer.Core.Tests.Mirrors;

/// <summary>A store that is followed, look by look.</summary>
public sealed class MirrorFollowerTests : IDisposable
{
    private readonly MirrorFixture _mirror = new();
    private readonly MirrorFollower _follower;

    public MirrorFollowerTests() => _follower = new MirrorFollower(_mirror.Mirror, _mirror.Setup, TimeSpan.FromSeconds(15));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ScriptedRepository Store => _mirror.Store;

    public void Dispose() => _mirror.Dispose();

    [Fact]
    public async Task WhatTwoLooksAgreeOn_IsMirrored()
    {
        await BeginAsync();
        Store.Put("a/1/model.onnx", "one");
        await LookAsync();
        Assert.Empty(Store.Opened);
        Store.Put("a/1/weights", "heavy");
        await LookAsync();
        Assert.Empty(Store.Opened);
        await LookAsync();
        await LookAsync();
        Assert.Equal(["a 1"], _mirror.Scan());
        Assert.Equal(2, Store.Opened.Count);
    }

    [Fact]
    public async Task WhatWasWrittenAMomentAgo_IsWaitedFor()
    {
        await BeginAsync();
        Store.Put("a/1/model.onnx", "one", _mirror.Time.GetUtcNow().UtcDateTime);
        await LookAsync(TimeSpan.Zero);
        await LookAsync(TimeSpan.Zero);
        Assert.Empty(Store.Opened);
        await LookAsync(TimeSpan.FromSeconds(2));
        await LookAsync();
        Assert.Equal(["a 1"], _mirror.Scan());
    }

    [Fact]
    public async Task WhatIsThereAtTheStart_IsMirroredBeforeItEnds()
    {
        Store.Put("a/1/model.onnx", "one");
        await BeginAsync();
        Assert.Equal(["a 1"], _mirror.Scan());
    }

    [Fact]
    public async Task ModelThatIsGoneInTwoLooks_Goes()
    {
        Store.Put("a/1/model.onnx", "one");
        await BeginAsync();
        Store.Delete("a/1/model.onnx");
        await LookAsync();
        Assert.Equal(["a 1"], _mirror.Scan());
        await LookAsync();
        Assert.Empty(_mirror.Scan());
    }

    [Fact]
    public async Task StoreThatIsGoneForAWhile_ChangesNothing()
    {
        Store.Put("a/1/model.onnx", "one");
        await BeginAsync();
        Store.OnList = static () => throw new RemoteRepositoryException("the store cannot be reached (ConnectionRefused)") { IsTransient = true };
        for (var i = 0; i < 5; i++)
        {
            await LookAsync();
        }

        Assert.Equal(["a 1"], _mirror.Scan());
        Store.OnList = static () => { };
        Store.Put("a/2/model.onnx", "two");
        await LookAsync();
        await LookAsync();
        await LookAsync();
        Assert.Equal(["a 1,2"], _mirror.Scan());
    }

    [Fact]
    public async Task LongDownload_HoldsUpNoOther()
    {
        await BeginAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Store.OnOpen = key => key == "slow/1/model.onnx" ? gate.Task : Task.CompletedTask;
        Store.Put("slow/1/model.onnx", "one");
        await LookAsync();
        await _follower.StepAsync(Token);
        Store.Put("quick/1/model.onnx", "two");
        await _follower.StepAsync(Token);
        await _follower.StepAsync(Token);
        while (_mirror.Scan() is not ["quick 1"])
        {
            await Task.Delay(5, Token);
        }

        Assert.Single(Store.Opened, static key => key == "slow/1/model.onnx");
        gate.SetResult();
        await _follower.Idle();
        Assert.Equal(["quick 1", "slow 1"], _mirror.Scan());
    }

    [Fact]
    public async Task DownloadThatFailed_IsTriedAgainAtTheNextLook()
    {
        await BeginAsync();
        Store.Put("a/1/model.onnx", "one");
        Store.OnOpen = static _ => throw new RemoteRepositoryException("the store answered 403 AccessDenied");
        await LookAsync();
        await LookAsync();
        Assert.Contains("AccessDenied", Assert.Single(_mirror.Scan()), StringComparison.Ordinal);
        Store.OnOpen = static _ => Task.CompletedTask;
        await LookAsync();
        Assert.Equal(["a 1"], _mirror.Scan());
    }

    /// <summary>Whatever lies there that can never be mirrored must not have a store of any size listed every second, nor downloaded again and again.</summary>
    [Fact]
    public async Task DownloadThatFailsAgainAndAgain_IsTriedEverMoreSeldom()
    {
        Store.Put("b/1/model.onnx", "two");
        await BeginAsync();
        Store.Put("a/1/model.onnx", "one");
        Store.OnOpen = static _ => throw new RemoteRepositoryException("the store answered 403 AccessDenied");
        for (var i = 0; i < 64; i++)
        {
            await LookAsync();
        }

        Assert.InRange(Store.Opened.Count(static key => key.StartsWith('a')), 4, 8);
        Assert.Equal(TimeSpan.FromSeconds(15), _follower.Pause());

        // Something else lies there now: that is tried at once.
        Store.OnOpen = static _ => Task.CompletedTask;
        Store.Put("a/1/model.onnx", "eins");
        await LookAsync();
        await LookAsync();
        Assert.Equal(["a 1", "b 1"], _mirror.Scan());
    }

    /// <summary>Whoever is reading the copy before the change has not been told of it yet.</summary>
    [Fact]
    public async Task CopyBeforeAChange_StaysUntilItsReadersKnow()
    {
        Store.Put("a/1/model.onnx", "one");
        await BeginAsync();
        Store.Put("a/1/model.onnx", "eins");
        await LookAsync();
        await LookAsync();
        await LookAsync();
        Assert.Equal(4, _mirror.Units().Length);
        await LookAsync();
        Assert.Equal(4, _mirror.Units().Length);
        await LookAsync();
        await LookAsync();
        Assert.Equal(2, _mirror.Units().Length);
    }

    private async Task BeginAsync()
    {
        await _mirror.RunAsync(_mirror.Mirrors.OpenAsync(Token));
        await _mirror.RunAsync(_follower.BeginAsync(Token));
    }

    private async Task LookAsync(TimeSpan? after = null)
    {
        _mirror.Time.Advance(after ?? TimeSpan.FromSeconds(15));
        await _follower.StepAsync(Token);
        await _mirror.RunAsync(_follower.Idle());
    }
}

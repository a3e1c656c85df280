using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Memory;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Memory;

/// <summary>The line for memory, without a server.</summary>
public sealed class RequestMemoryGateTests
{
    private const long Unit = 1 << 20;

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bodies_ThatFit_ComeInAtOnceAndGiveBackWhatTheyHad()
    {
        var gate = Gate(10);
        using (var one = await InAsync(gate, 4))
        using (var two = await InAsync(gate, 6))
        {
            Assert.Equal((4 * Unit, 6 * Unit), (one.Bytes, two.Bytes));
            Assert.Equal(10 * Unit, gate.InUse);
        }

        AssertEmpty(gate);
        Assert.Equal(10 * Unit, gate.Peak);
        Assert.Equal(0, gate.Waits);
    }

    [Theory]
    [InlineData(1)]
    [InlineData((64 << 10) - 1)]
    public void Body_ThatIsSmall_TakesNothingAndNeverWaits(long bytes)
    {
        var gate = Gate(1);
        using var large = new RequestRoom();
        large.Open(gate, Token);
        Assert.True(HasAtOnce(large, Unit));
        using var room = new RequestRoom();
        room.Open(gate, Token);
        Assert.True(HasAtOnce(room, bytes));
        Assert.Equal((0, Unit), (room.Bytes, gate.InUse));
    }

    [Fact]
    public void Body_OfThatSizeOn_IsCounted()
    {
        var gate = Gate(1);
        using var room = new RequestRoom();
        room.Open(gate, Token);
        Assert.True(HasAtOnce(room, 64 << 10));
        Assert.Equal(64 << 10, gate.InUse);
    }

    [Fact]
    public void Bodies_WithoutALimit_AreNotCounted()
    {
        var gate = new RequestMemoryGate(new RequestMemoryOptions(), _time);
        using var room = new RequestRoom();
        room.Open(gate, Token);
        Assert.True(HasAtOnce(room, long.MaxValue));
        Assert.Equal((0, 0), (room.Bytes, gate.InUse));
    }

    [Fact]
    public async Task Line_IsServedInItsOrderAndNobodyPasses()
    {
        var gate = Gate(10);
        var first = await InAsync(gate, 8);
        var large = Enter(gate, 9);
        var small = Enter(gate, 1);
        Assert.False(large.IsCompleted);
        Assert.False(small.IsCompleted);
        Assert.Equal(2, gate.Waiting);
        first.Dispose();
        using var second = await large.WaitAsync(Token);
        using var third = await small.WaitAsync(Token);
        Assert.Equal(10 * Unit, gate.InUse);
        Assert.Equal((0, 2), (gate.Waiting, gate.Waits));
    }

    [Fact]
    public async Task Body_ThatIsLargerThanEverything_ComesInAloneAndHoldsTheOthersUp()
    {
        var gate = Gate(10);
        var first = await InAsync(gate, 1);
        var huge = Enter(gate, 11);
        var small = Enter(gate, 1);
        Assert.False(huge.IsCompleted);
        first.Dispose();
        var alone = await huge.WaitAsync(Token);
        Assert.False(small.IsCompleted);
        Assert.Equal(11 * Unit, gate.InUse);
        alone.Dispose();
        (await small.WaitAsync(Token)).Dispose();
        AssertEmpty(gate);
    }

    [Fact]
    public async Task Body_WhoseClientGoesWhileItWaits_LeavesTheLineToTheNext()
    {
        var gate = Gate(10);
        using var first = await InAsync(gate, 8);
        using var leaving = new CancellationTokenSource();
        var large = Enter(gate, 9, leaving.Token);
        var small = Enter(gate, 2);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        using var second = await small.WaitAsync(Token);
        Assert.Equal((10 * Unit, 0), (gate.InUse, gate.Waiting));
        Assert.Equal(0, gate.Refusals);
    }

    [Fact]
    public async Task Body_ThatHasWaitedForTooLong_IsRefusedWithTheFigures()
    {
        var gate = Gate(10);
        using var first = await InAsync(gate, 8);
        using var room = new RequestRoom();
        room.Open(gate, Token);
        var waiting = room.GrowToAsync(5 * Unit).AsTask();
        _time.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromTicks(1));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));
        var error = await waiting.WaitAsync(Token);
        Assert.Equal(ErrorCode.Unavailable, error!.Code);
        Assert.True(error.IsRetryable);
        Assert.Equal("the request body of 5242880 bytes has waited for 30 s and there is still no room for it: the requests in flight have 8388608 of 10485760 bytes (--max-request-memory-bytes); try again later", error.Message);
        Assert.Equal((1, 1, TimeSpan.FromSeconds(30)), (gate.Refusals, gate.Waits, gate.Waited));
        Assert.Equal((0, 8 * Unit, 0), (room.Bytes, gate.InUse, gate.Waiting));
    }

    [Fact]
    public async Task Refusal_OfTheFirstInLine_LetsThoseInThatFit()
    {
        var gate = Gate(10);
        using var first = await InAsync(gate, 8);
        using var refused = new RequestRoom();
        refused.Open(gate, Token);
        var large = refused.GrowToAsync(5 * Unit).AsTask();
        _time.Advance(TimeSpan.FromSeconds(10));
        var small = Enter(gate, 2);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.NotNull(await large.WaitAsync(Token));
        (await small.WaitAsync(Token)).Dispose();
    }

    [Fact]
    public async Task Deadline_ThatIsSooner_EndsTheWaitByItsOwnName()
    {
        var gate = Gate(10);
        using var first = await InAsync(gate, 8);
        using var room = new RequestRoom();
        room.Open(gate, TimeSpan.FromSeconds(2), new Microsoft.AspNetCore.Http.DefaultHttpContext());
        var waiting = room.GrowToAsync(5 * Unit).AsTask();
        _time.Advance(TimeSpan.FromSeconds(2));
        var error = await waiting.WaitAsync(Token);
        Assert.Equal(ErrorCode.DeadlineExceeded, error!.Code);
        Assert.False(error.IsRetryable);
        Assert.Contains("8388608 of 10485760 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TimeLeft_IsShorterByTheWait()
    {
        var gate = Gate(10);
        var first = await InAsync(gate, 8);
        using var room = new RequestRoom();
        room.Open(gate, TimeSpan.FromSeconds(9), new Microsoft.AspNetCore.Http.DefaultHttpContext());
        Assert.Equal(TimeSpan.FromSeconds(9), room.TimeLeft(TimeSpan.FromSeconds(9)));
        var waiting = room.GrowToAsync(5 * Unit).AsTask();
        _time.Advance(TimeSpan.FromSeconds(2));
        first.Dispose();
        Assert.Null(await waiting.WaitAsync(Token));
        Assert.Equal(TimeSpan.FromSeconds(7), room.TimeLeft(TimeSpan.FromSeconds(9)));
        Assert.Null(room.TimeLeft(null));
        Assert.True(room.TimeLeft(TimeSpan.FromSeconds(1)) > TimeSpan.Zero);
    }

    [Fact]
    public async Task Body_OfUnknownLength_TakesWhatItNeedsAsItGrows()
    {
        var gate = Gate(10);
        using var room = new RequestRoom();
        room.Open(gate, Token);
        Assert.Null(await room.GrowToAsync(Unit));
        Assert.Null(await room.GrowToAsync(4 * Unit));
        Assert.Null(await room.GrowToAsync(2 * Unit));
        Assert.Equal((4 * Unit, 4 * Unit), (room.Bytes, gate.InUse));
        room.ShrinkTo(3 * Unit);
        room.ShrinkTo(5 * Unit);
        Assert.Equal((3 * Unit, 3 * Unit), (room.Bytes, gate.InUse));
        room.Dispose();
        room.Dispose();
        AssertEmpty(gate);
    }

    /// <summary>Whoever holds something may be what the others wait for.</summary>
    [Fact]
    public async Task Body_ThatGrows_GoesBeforeThoseThatHaveNothing()
    {
        var gate = Gate(10);
        var growing = await InAsync(gate, 4);
        var other = await InAsync(gate, 4);
        var comer = Enter(gate, 4);
        var growth = growing.GrowToAsync(8 * Unit).AsTask();
        Assert.False(growth.IsCompleted);
        other.Dispose();
        Assert.Null(await growth.WaitAsync(Token));
        Assert.False(comer.IsCompleted);
        growing.Dispose();
        (await comer.WaitAsync(Token)).Dispose();
        AssertEmpty(gate);
    }

    [Fact]
    public async Task Bodies_ThatWaitForEachOther_ExceedTheLimitOneAfterTheOther()
    {
        var gate = Gate(10);
        var one = await InAsync(gate, 5);
        var two = await InAsync(gate, 5);
        var first = one.GrowToAsync(8 * Unit).AsTask();
        Assert.False(first.IsCompleted);
        var second = two.GrowToAsync(8 * Unit).AsTask();
        Assert.Null(await first.WaitAsync(Token));
        Assert.False(second.IsCompleted);

        // The one that exceeds the limit goes on, and nobody else does.
        Assert.True(HasAtOnce(one, 20 * Unit));
        Assert.False(second.IsCompleted);
        Assert.Equal(25 * Unit, gate.InUse);
        one.Dispose();
        Assert.Null(await second.WaitAsync(Token));
        two.Dispose();
        AssertEmpty(gate);
    }

    [Fact]
    public async Task Body_ThatIsRefusedWhileItGrows_KeepsWhatItHadUntilItIsGivenBack()
    {
        var gate = Gate(10);
        using var other = await InAsync(gate, 5);
        var growing = await InAsync(gate, 5);
        var growth = growing.GrowToAsync(8 * Unit).AsTask();
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Contains("of which 5242880 bytes have come and which asks for 3145728 more", (await growth.WaitAsync(Token))!.Message, StringComparison.Ordinal);
        Assert.Equal(10 * Unit, gate.InUse);
        growing.Dispose();
        Assert.Equal(5 * Unit, gate.InUse);
        (await InAsync(gate, 5)).Dispose();
    }

    [Fact]
    public async Task Wait_OfNoTime_RefusesAtOnce()
    {
        var gate = new RequestMemoryGate(new RequestMemoryOptions { MaxBytes = Unit, MaxWait = TimeSpan.Zero }, _time);
        using var first = new RequestRoom();
        first.Open(gate, Token);
        Assert.True(HasAtOnce(first, Unit));
        using var second = new RequestRoom();
        second.Open(gate, Token);
        Assert.Equal(ErrorCode.Unavailable, (await second.GrowToAsync(Unit))!.Code);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    public void Limit_ThatMakesNoSense_IsRefused(long bytes, int seconds) =>
        Assert.ThrowsAny<ArgumentException>(() => new RequestMemoryGate(new RequestMemoryOptions { MaxBytes = bytes, MaxWait = TimeSpan.FromSeconds(seconds) }, _time));

    private static void AssertEmpty(RequestMemoryGate gate) => Assert.Equal((0, 0), (gate.InUse, gate.Waiting));

    private static bool HasAtOnce(RequestRoom room, long bytes) => room.GrowToAsync(bytes).AsTask().IsCompletedSuccessfully;

    private static async Task<RequestRoom> InAsync(RequestMemoryGate gate, int units)
    {
        var entering = Enter(gate, units);
        Assert.True(entering.IsCompletedSuccessfully);
        return await entering;
    }

    private static async Task<RequestRoom> Enter(RequestMemoryGate gate, int units, CancellationToken? gone = null)
    {
        var room = new RequestRoom();
        room.Open(gate, gone ?? Token);
        Assert.Null(await room.GrowToAsync(units * Unit));
        return room;
    }

    private RequestMemoryGate Gate(int units) => new(new RequestMemoryOptions { MaxBytes = units * Unit }, _time);
}

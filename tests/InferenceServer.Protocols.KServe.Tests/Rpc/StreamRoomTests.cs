using InferenceServer.Protocols.KServe.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

public sealed class StreamRoomTests
{
    [Fact]
    public void Requests_AreFewUntilTheSizeOfResponsesIsKnown()
    {
        var room = new StreamRoom(100, 1000);
        Assert.All(Enumerable.Range(0, StreamRoom.FirstRequests), _ => Assert.True(room.EnterAsync().IsCompleted));
        var next = room.EnterAsync();
        Assert.False(next.IsCompleted);
        room.Note(1);
        Assert.True(next.IsCompleted);
        Assert.All(Enumerable.Range(0, 100 - StreamRoom.FirstRequests - 1), _ => Assert.True(room.EnterAsync().IsCompleted));
        Assert.False(room.EnterAsync().IsCompleted);
    }

    [Theory]
    [InlineData(100, 10)]
    [InlineData(400, 2)]
    [InlineData(5000, 1)]
    [InlineData(0, 20)]
    public void Requests_AreAsManyAsHaveResponsesWithinTheBudget(long largest, int expected)
    {
        var room = new StreamRoom(20, 1000);
        room.Note(largest);
        room.Note(0);
        Assert.All(Enumerable.Range(0, expected), _ => Assert.True(room.EnterAsync().IsCompleted));
        var next = room.EnterAsync();
        Assert.False(next.IsCompleted);
        room.Leave();
        Assert.True(next.IsCompleted);
    }

    [Fact]
    public void Request_ThatIsLetInTooManyBefore_WaitsUntilEnoughHaveGone()
    {
        var room = new StreamRoom(20, 1000);
        Assert.All(Enumerable.Range(0, 5), _ => Assert.True(room.EnterAsync().IsCompleted));
        room.Note(500);
        var next = room.EnterAsync();
        for (var i = 0; i < 3; i++)
        {
            room.Leave();
            Assert.False(next.IsCompleted);
        }

        room.Leave();
        Assert.True(next.IsCompleted);
    }
}

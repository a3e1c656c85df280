using Google.Protobuf;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using InferenceServer.Protocols.KServe.Tests.Rpc.Plain;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Memory;

/// <summary>Large calls that find no room, on a real web server and with a clock that the test moves.</summary>
public sealed class GatedPlainCallTests
{
    private const int Limit = 1 << 20;
    private const int Length = 8 << 20;

    /// <summary>The second is a call for gRPC's library by its head, which is a stand-in here.</summary>
    private const string Plain = "application/grpc";
    private const string Other = "application/grpc+proto";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Plain)]
    [InlineData(Other)]
    public async Task Call_WithoutRoom_LiesUnreadUntilThereIsSome(string contentType)
    {
        await using var server = await StartAsync();
        var held = await FillAsync(server);
        var sending = server.SendAsync(Frame(Length), 100_000, contentType);
        await Waiting.UntilAsync(() => server.Memory.Waiting == 1);

        // Others of the same connection go on meanwhile.
        for (var i = 0; i < 20; i++)
        {
            (await server.SendAsync(Frame(1000))).Answer.Dispose();
        }

        // The window of a call is 768 KiB here: of more than that its client still has the rest.
        Assert.Equal(20, server.Engine.Memory.Rented);
        Assert.InRange(server.Transport.Most, 0, 2 << 20);
        held.Dispose();
        var (answer, echo) = await sending;
        using (answer)
        {
            Assert.True(contentType == Other ? answer.Headers.Contains(PlainCallServer.LibraryHeader) : echo.Length > Length);
        }

        Assert.Equal(Length, server.Memory.Peak, 100.0);
    }

    [Theory]
    [InlineData(Plain)]
    [InlineData(Other)]
    public async Task Call_ThatHasWaitedForTooLong_IsUnavailable(string contentType)
    {
        await using var server = await StartAsync();
        using var held = await FillAsync(server);
        var sending = server.SendAsync(Frame(Length), 100_000, contentType);
        await Waiting.UntilAsync(() => server.Memory.Waiting == 1);
        server.Time.Advance(TimeSpan.FromSeconds(30));
        using var answer = (await sending).Answer;
        Assert.Equal("14", Assert.Single(answer.Headers.GetValues("grpc-status")));
        Assert.Contains("has waited for 30 s", Assert.Single(answer.Headers.GetValues("grpc-message")), StringComparison.Ordinal);
        Assert.True(answer.Headers.Contains("grpc-status-details-bin"));
        Assert.Equal(1, server.Memory.Refusals);
    }

    [Theory]
    [InlineData(Plain)]
    [InlineData(Other)]
    public async Task Call_WhoseDeadlinePassesWhileItWaits_IsToldSo(string contentType)
    {
        await using var server = await StartAsync();
        using var held = await FillAsync(server);
        var sending = server.SendAsync(new PieceContent(Frame(Length), 100_000), contentType, ("grpc-timeout", "5S"));
        await Waiting.UntilAsync(() => server.Memory.Waiting == 1);
        server.Time.Advance(TimeSpan.FromSeconds(5));
        using var answer = (await sending).Answer;
        Assert.Equal("4", Assert.Single(answer.Headers.GetValues("grpc-status")));
    }

    [Theory]
    [InlineData(Plain)]
    [InlineData(Other)]
    public async Task Call_WhoseClientLeavesWhileItWaits_LeavesTheLine(string contentType)
    {
        await using var server = await StartAsync();
        using var held = await FillAsync(server);
        var sending = server.SendAsync(Frame(Length), 100_000, contentType);
        await Waiting.UntilAsync(() => server.Memory.Waiting == 1);
        server.Client.CancelPendingRequests();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await Waiting.UntilAsync(() => server.Memory.Waiting == 0);
        Assert.Empty(server.Log.Entries);
    }

    [Theory]
    [InlineData(Plain)]
    [InlineData(Other)]
    public async Task Call_WhoseClientLeavesInTheMiddle_GivesItsRoomBack(string contentType)
    {
        await using var server = await StartAsync();
        var body = Frame(Length);
        var never = new TaskCompletionSource();
        var sending = server.SendAsync(new HeldContent(body.AsMemory(0, body.Length / 2), never.Task, default), contentType);
        await Waiting.UntilAsync(() => server.Memory.InUse > Length);
        server.Client.CancelPendingRequests();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await Waiting.UntilAsync(() => server.Memory.InUse == 0);
        never.SetResult();
    }

    /// <summary>It is looked at, is none of the plain ones, and goes to the library with the room that it has.</summary>
    [Fact]
    public async Task Call_ThatTurnsOutToBeNoPlainOne_HasItsRoomOnce()
    {
        await using var server = await StartAsync();
        var frame = Frame(Length);
        using var answer = (await server.SendAsync([.. frame, .. Frame(1000)], 100_000)).Answer;
        Assert.True(answer.Headers.Contains(PlainCallServer.LibraryHeader));
        Assert.Equal(frame.Length - 5, server.Memory.Peak);
    }

    [Fact]
    public async Task Call_OverTheLimitOfItsSize_WaitsForNothing()
    {
        await using var server = await StartAsync(new() { MaxReceiveMessageBytes = Length - 1 });
        using var held = await FillAsync(server);
        foreach (var contentType in new[] { Plain, Other })
        {
            using var answer = (await server.SendAsync(Frame(Length), 100_000, contentType)).Answer;
            Assert.True(answer.Headers.Contains(PlainCallServer.LibraryHeader));
        }

        Assert.Equal(0, server.Memory.Waits);
    }

    private static Task<PlainCallServer> StartAsync(KServe.Rpc.KServeRpcOptions? options = null) => PlainCallServer.StartAsync(options, new RequestMemoryOptions { MaxBytes = Limit });

    private static byte[] Frame(int length) => PlainCallServer.Frame(Messages.Raw("UINT8", [length], new byte[length]).ToByteArray());

    private static async Task<RequestRoom> FillAsync(PlainCallServer server)
    {
        var all = new RequestRoom();
        all.Open(server.Memory, Token);
        Assert.Null(await all.GrowToAsync(Limit));
        return all;
    }
}

using System.Security.Cryptography;
using Google.Protobuf;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

/// <summary>Calls whose message is large, on a real web server.</summary>
public sealed class LargeCallTests
{
    private const int Length = 2 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_OfAVeryLargeMessage_LiesInTheTransportNeitherOnItsWayInNorOut()
    {
        await using var server = await PlainCallServer.StartAsync();
        var data = Data(64 << 20);
        using var answer = await server.BeginAsync(new PieceContent(Frame(data), 256 << 10));

        // Meanwhile a server that does not wait for its client would have the whole answer in its transport.
        const int Others = 50;
        for (var i = 0; i < Others; i++)
        {
            (await server.SendAsync(Frame(Data(1000)))).Answer.Dispose();
        }

        var body = await answer.Content.ReadAsByteArrayAsync(Token);
        Assert.Equal("0", Assert.Single(answer.TrailingHeaders.GetValues("grpc-status")));
        Assert.True(data.AsSpan().SequenceEqual(body.AsSpan(body.Length - data.Length)));

        // The window of a call is 768 KiB here, that of a connection 1 MiB.
        Assert.InRange(server.Transport.Most, 4 << 10, 4 << 20);
        Assert.Equal(1 + Others, server.Engine.Memory.Rented);
    }

    [Fact]
    public async Task Call_OfAMessageThatHasOnlyBegun_HasItsMemoryAndItsAnswerWhenItEnds()
    {
        await using var server = await PlainCallServer.StartAsync();
        var body = Frame(Data(Length));
        var mayGoOn = new TaskCompletionSource();
        var sending = server.SendAsync(new HeldContent(body.AsMemory(0, 100_000), mayGoOn.Task, body.AsMemory(100_000)));
        await Waiting.UntilAsync(() => server.Engine.Memory.Outstanding == 1);
        mayGoOn.SetResult();
        var (answer, echo) = await sending;
        using (answer)
        {
            Assert.Equal("0", Assert.Single(answer.TrailingHeaders.GetValues("grpc-status")));
            Assert.True(body.AsSpan(body.Length - Length).SequenceEqual(echo.AsSpan(echo.Length - Length)));
        }
    }

    [Fact]
    public async Task Call_WhoseClientLeavesInTheMiddle_LeavesNothing()
    {
        await using var server = await PlainCallServer.StartAsync();
        var body = Frame(Data(Length));
        var never = new TaskCompletionSource();
        var sending = server.SendAsync(new HeldContent(body.AsMemory(0, body.Length / 2), never.Task, default));
        await Waiting.UntilAsync(() => server.Engine.Memory.Outstanding == 1);
        server.Client.CancelPendingRequests();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await Waiting.UntilAsync(() => server.Engine.Memory.Outstanding == 0);
        Assert.Empty(server.Log.Entries);
        never.SetResult();
    }

    [Fact]
    public async Task Call_WithoutMemoryForIt_SaysSoBeforeItHasCome()
    {
        await using var server = await PlainCallServer.StartAsync();
        server.Engine.Memory.Limit = Length - 1;
        var body = Frame(Data(Length));
        var never = new TaskCompletionSource();
        var (answer, _) = await server.SendAsync(new HeldContent(body.AsMemory(0, body.Length / 2), never.Task, default));
        using (answer)
        {
            Assert.Equal("8", Assert.Single(answer.Headers.GetValues("grpc-status")));
            Assert.Equal($"there is no memory for a tensor of {Length} bytes", Assert.Single(answer.Headers.GetValues("grpc-message")));
        }

        never.SetResult();
    }

    /// <summary>The fields are in another order, which Protocol Buffers allow: what is to come cannot be told before it is there.</summary>
    [Fact]
    public async Task Call_OfALargeMessageWithItsContentsInFront_IsReadWhenAllOfItHasCome()
    {
        await using var server = await PlainCallServer.StartAsync();
        var frame = Frame(Data(Length));
        var contents = frame.AsSpan(frame.Length - Length - 5);
        var (answer, echo) = await server.SendAsync([.. frame[..5], .. contents, .. frame.AsSpan(5, frame.Length - 5 - contents.Length)], 300_000);
        using (answer)
        {
            Assert.Equal("0", Assert.Single(answer.TrailingHeaders.GetValues("grpc-status")));
            Assert.True(frame.AsSpan(frame.Length - Length).SequenceEqual(echo.AsSpan(echo.Length - Length)));
        }

        Assert.Equal(1, server.Engine.Memory.Rented);
    }

    public static TheoryData<string, byte[], bool> OtherBodies
    {
        get
        {
            var data = Data(Length);
            var frame = Frame(data);
            var (one, two) = (Pair(data, data.Length, 1000), Pair(data, 1000, data.Length));
            return new()
            {
                { "cut in its contents", frame[..^1], true },
                { "cut in front of them", Pair(data, data.Length, 1000)[..^1000], true },
                { "cut in their length", one[..^1001], true },
                { "more than one", [.. frame, .. Frame(Data(10))], true },
                { "other lengths than its shapes say", [.. two[..^(data.Length + 1000 + 8)], .. one.AsSpan(one.Length - (data.Length + 1000 + 8))], true },
                { "another field in place of the second contents", [.. one[..^1003], 0x0A, .. one.AsSpan(one.Length - 1002)], true },
                { "more contents than its shape says", PlainCallServer.Frame(Messages.Raw("UINT8", [Length - 1], data).ToByteArray()), false },
            };
        }
    }

    [Theory]
    [MemberData(nameof(OtherBodies), DisableDiscoveryEnumeration = true)]
    public async Task Call_OfAnotherLargeMessage_GoesToTheLibraryAsItCame(string what, byte[] body, bool hasBegun)
    {
        await using var server = await PlainCallServer.StartAsync(new KServeRpcOptions { MaxReceiveMessageBytes = 100 << 20 });
        foreach (var pieceLength in (int[])[300_000, 65_536, 70_001])
        {
            var (answer, _) = await server.SendAsync(body, pieceLength);
            using (answer)
            {
                Assert.True(answer.Headers.Contains(PlainCallServer.LibraryHeader), what);
                Assert.Equal(Convert.ToHexString(SHA256.HashData(body)), Assert.Single(answer.Headers.GetValues(PlainCallServer.HashHeader)));
            }
        }

        Assert.Equal(hasBegun, server.Engine.Memory.Rented > 0);
        Assert.Equal(0, server.Engine.Memory.Outstanding);
        Assert.Empty(server.Log.Entries);
    }

    private static byte[] Data(int length)
    {
        var data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }

    private static byte[] Frame(byte[] data) => PlainCallServer.Frame(Messages.Raw("UINT8", [data.Length], data).ToByteArray());

    private static byte[] Pair(byte[] data, int first, int second)
    {
        var message = Messages.Raw("UINT8", [first], data[..first], data[..second]);
        message.Inputs.Add(Messages.Input("UINT8", [second], name: "IN2"));
        return PlainCallServer.Frame(message.ToByteArray());
    }
}

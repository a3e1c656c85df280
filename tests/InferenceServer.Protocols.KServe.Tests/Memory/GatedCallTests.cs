using System.IO.Pipelines;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Tests.Rpc.Plain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Memory;

/// <summary>What gRPC's library is given of a call that was looked at before.</summary>
public sealed class GatedCallTests
{
    private const int Limit = 1 << 20;

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 0)]
    [InlineData(5, 0)]
    [InlineData(100_005, 100_000)]
    public async Task Body_IsWholeAndHasItsRoomWhileTheLibraryAnswers(int length, long expected)
    {
        var gate = Gate();
        var body = PlainCallServer.Frame(new byte[Math.Max(0, length - 5)])[..length];
        byte[]? read = null;
        var inUse = -1L;
        var call = new GatedCall(
            async context =>
            {
                inUse = gate.InUse;
                using var all = new MemoryStream();
                await context.Request.BodyReader.CopyToAsync(all, Token);
                read = all.ToArray();
            },
            gate,
            new KServeRpcOptions());
        await call.HandleAsync(await ContextAsync(body, isInPieces: true));
        Assert.Equal(body, read);
        Assert.Equal((expected, 0), (inUse, gate.InUse));
    }

    [Fact]
    public async Task CompressedMessage_HasTheRoomOfTheLargestThatItMayBecomeUntilThatIsKnown()
    {
        var gate = Gate();
        var call = new GatedCall(
            context =>
            {
                Assert.Equal(100 * 1032, gate.InUse);
                context.Features.Get<RequestRoom>()!.ShrinkTo(70_000);
                Assert.Equal(70_000, gate.InUse);
                return Task.CompletedTask;
            },
            gate,
            new KServeRpcOptions());
        await call.HandleAsync(await ContextAsync(PlainCallServer.Frame(new byte[100], flag: 1)));
        Assert.Equal((100 * 1032, 0), (gate.Peak, gate.InUse));
    }

    [Theory]
    [InlineData(100_000, false, 1, 100_000)]
    [InlineData(100_000, true, 500_000, 500_000)]
    [InlineData(100_000, true, 50_000, 100_000)]
    [InlineData(100, true, 500_000, 103_200)]
    public void MostBytes_AreThoseOfTheMessageOrOfWhatItMayBecome(long length, bool isCompressed, int maxInflated, long expected) =>
        Assert.Equal(expected, new FrameHead(isCompressed, length).MostBytes(new KServeRpcOptions { MaxInflatedBytes = maxInflated }));

    [Fact]
    public async Task Deadline_IsShorterByTheWaitForTheLibrary()
    {
        var gate = Gate();
        var held = new RequestRoom();
        held.Open(gate, Token);
        Assert.Null(await held.GrowToAsync(Limit));
        string? timeout = null;
        var call = new GatedCall(
            context =>
            {
                timeout = context.Request.Headers.GrpcTimeout;
                return Task.CompletedTask;
            },
            gate,
            new KServeRpcOptions());
        var context = await ContextAsync(PlainCallServer.Frame(new byte[100_000]));
        context.Request.Headers.GrpcTimeout = "5S";
        var answering = call.HandleAsync(context);
        Assert.Equal(1, gate.Waiting);
        _time.Advance(TimeSpan.FromMilliseconds(1500));
        held.Dispose();
        await answering.WaitAsync(Token);
        Assert.Equal("3500m", timeout);
    }

    [Fact]
    public async Task Failure_OfTheLibrary_GivesTheRoomBack()
    {
        var gate = Gate();
        var call = new GatedCall(static _ => throw new InvalidOperationException("it broke"), gate, new KServeRpcOptions());
        var context = await ContextAsync(PlainCallServer.Frame(new byte[100_000]));
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.HandleAsync(context));
        Assert.Equal((100_000, 0), (gate.Peak, gate.InUse));
    }

    private static async Task<HttpContext> ContextAsync(byte[] body, bool isInPieces = false)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        var context = new DefaultHttpContext();
        context.Features.Set<IRequestBodyPipeFeature>(new BodyPipe(pipe.Reader));
        context.Request.Method = HttpMethods.Post;
        context.Request.Protocol = HttpProtocol.Http2;
        context.Request.ContentType = "application/grpc+proto";
        if (isInPieces)
        {
            _ = WriteAsync();
        }
        else
        {
            await pipe.Writer.WriteAsync(body, Token);
            await pipe.Writer.CompleteAsync();
        }

        return context;

        async Task WriteAsync()
        {
            for (var i = 0; i < body.Length; i += i < 8 ? 1 : 60_000)
            {
                await Task.Yield();
                await pipe.Writer.WriteAsync(body.AsMemory(i, Math.Min(i < 8 ? 1 : 60_000, body.Length - i)), Token);
            }

            await pipe.Writer.CompleteAsync();
        }
    }

    private RequestMemoryGate Gate() => new(new RequestMemoryOptions { MaxBytes = Limit }, _time);

    private sealed class BodyPipe(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader { get; } = reader;
    }
}

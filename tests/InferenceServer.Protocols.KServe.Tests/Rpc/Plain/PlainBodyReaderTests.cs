using System.IO.Pipelines;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Rpc.Plain;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

public sealed class PlainBodyReaderTests : IDisposable
{
    /// <summary>From how many bytes on a message is a large one here: more than any head has.</summary>
    private const int Large = 200;

    // Each piece is read before the next is written.
    private static readonly PipeOptions s_inPieces = new(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);

    private readonly PoisoningAllocator _memory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Assert.Equal(0, _memory.Outstanding);
        _memory.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(300)]
    public async Task ReadAsync_LargeMessage_IsInItsTensorsAndNotInTheTransport(int pieceLength)
    {
        var bytes = LargeMessage().ToByteArray();
        using var message = PlainMessage.Rent();
        var pipe = new Pipe(s_inPieces);
        var reading = Reader().ReadAsync(pipe.Reader, message);
        await WriteAsync(pipe, PlainCallServer.Frame(bytes), () => pieceLength);
        Assert.Equal(ReadingOutcome.Plain, await reading);
        Assert.Equal(3, message.Tensors.Count);
        Assert.True(message.Bytes.IsEmpty);
        PlainMessages.AssertSame(ModelInferRequest.Parser.ParseFrom(bytes), message, bytes);
    }

    [Fact]
    public async Task ReadAsync_LargeMessage_LeavesNoMoreInTheTransportThanHasJustCome()
    {
        const int Piece = 64 << 10;
        var bytes = Messages.Raw("UINT8", [8 << 20], new byte[8 << 20]).ToByteArray();
        var pool = new CountingMemoryPool();
        using var message = PlainMessage.Rent();
        var pipe = new Pipe(new PipeOptions(pool, PipeScheduler.Inline, PipeScheduler.Inline, pauseWriterThreshold: 0, minimumSegmentSize: 4096, useSynchronizationContext: false));
        var reading = new PlainBodyReader(_memory, new KServeRpcOptions()).ReadAsync(pipe.Reader, message);
        await WriteAsync(pipe, PlainCallServer.Frame(bytes), static () => Piece);
        Assert.Equal(ReadingOutcome.Plain, await reading);
        Assert.InRange(pool.Most, 1, 4 * Piece);
    }

    [Fact]
    public async Task ReadAsync_AnyBytesInAnyPieces_SaysWhatTheGeneratedReaderSaysOrHandsAllOfThemOn()
    {
        var random = new Random(12);
        var seed = LargeMessage().ToByteArray();
        var others = PlainMessageReaderTests.Others.Select(static row => row.Data.Item2).ToArray();
        var (taken, untouched, restored) = (0, 0, 0);
        for (var i = 0; i < 60_000; i++)
        {
            var body = Change(seed, others, random);
            using var message = PlainMessage.Rent();
            var pipe = new Pipe(s_inPieces);
            var reading = Reader().ReadAsync(pipe.Reader, message).AsTask();
            var most = random.Next(1, body.Length + 2);
            await WriteAsync(pipe, body, () => random.Next(1, most + 1));
            if (await reading == ReadingOutcome.Plain)
            {
                Assert.Equal(body.Length - 5, (body[1] << 24) | (body[2] << 16) | (body[3] << 8) | body[4]);
                PlainMessages.AssertSame(ModelInferRequest.Parser.ParseFrom(body.AsSpan(5)), message, body[5..]);
                taken += message.Tensors.Count > 0 ? 1 : 0;
                continue;
            }

            Assert.Equal(ReadingOutcome.Other, await reading);
            restored += message.Restored is null ? 0 : 1;
            untouched += message.Restored is null ? 1 : 0;
            Assert.Equal(body, await ReadAllAsync(message.Restored ?? pipe.Reader.AsStream(), random.Next(1, 400)));
        }

        // Of each there are enough that it has been tried.
        Assert.InRange(taken, 1_000, 60_000);
        Assert.InRange(untouched, 1_000, 60_000);
        Assert.InRange(restored, 1_000, 60_000);
        Assert.Equal(0, _memory.Outstanding);
    }

    [Fact]
    public async Task ReadAsync_ClientThatLeavesInTheMiddle_LeavesNothing()
    {
        var body = PlainCallServer.Frame(LargeMessage().ToByteArray());
        for (var length = 0; length < body.Length; length += 13)
        {
            using (var message = PlainMessage.Rent())
            {
                var pipe = new Pipe(s_inPieces);
                var reading = Reader().ReadAsync(pipe.Reader, message).AsTask();
                await pipe.Writer.WriteAsync(body.AsMemory(0, length), Token);
                await pipe.Writer.CompleteAsync(new IOException("reset"));
                Assert.Equal(ReadingOutcome.Gone, await reading);
            }

            Assert.Equal(0, _memory.Outstanding);
        }

        Assert.True(_memory.Rented > 0);
    }

    [Fact]
    public async Task ReadAsync_WithoutMemoryForIt_SaysSoAtOnce()
    {
        _memory.Limit = 200;
        using var message = PlainMessage.Rent();
        var pipe = new Pipe(s_inPieces);
        var reading = Reader().ReadAsync(pipe.Reader, message).AsTask();
        await pipe.Writer.WriteAsync(PlainCallServer.Frame(LargeMessage().ToByteArray()).AsMemory(0, Large + 50), Token);
        Assert.Equal(ReadingOutcome.Plain, await reading);
        Assert.Equal(ErrorCode.ResourceExhausted, message.Shortage?.Code);
        Assert.Equal("modèle", message.ModelName);
        Assert.Equal(0, _memory.Outstanding);
    }

    /// <summary>What is rented is what the frame says, never what a shape alone says.</summary>
    [Fact]
    public async Task ReadAsync_ShapesThatDoNotFitTheMessage_RentNothing()
    {
        foreach (var elements in (long[])[601, 599, 0, long.MaxValue / 4, 1L << 40])
        {
            var large = LargeMessage();
            large.Inputs[2].Shape[0] = elements;
            using var message = PlainMessage.Rent();
            var pipe = new Pipe(s_inPieces);
            var reading = Reader().ReadAsync(pipe.Reader, message).AsTask();
            await WriteAsync(pipe, PlainCallServer.Frame(large.ToByteArray()), static () => 50);
            Assert.Equal(ReadingOutcome.Other, await reading);
            Assert.Null(message.Restored);
        }

        Assert.Equal(0, _memory.Rented);
    }

    private static ModelInferRequest LargeMessage()
    {
        var data = new byte[600];
        new Random(5).NextBytes(data);
        var message = PlainMessages.Message();

        // Its head has to be short beside it.
        message.Parameters.Clear();
        message.Parameters["sequence_id"] = new InferParameter { Int64Param = 5 };
        message.Inputs.Clear();
        message.Inputs.Add([Messages.Input("FP32", [2, 5], name: "A"), Messages.Input("BOOL", [0, 300], name: "N"), Messages.Input("UINT8", [600, 1], name: "L")]);
        message.RawInputContents.Clear();
        message.RawInputContents.Add([ByteString.CopyFrom(data, 100, 40), ByteString.Empty, ByteString.CopyFrom(data)]);
        return message;
    }

    private static byte[] Change(byte[] seed, Action<ModelInferRequest>[] others, Random random)
    {
        // The contents have the tags of their fields in front, which is where a message can turn out to be another after all.
        var bytes = seed.ToArray();
        switch (random.Next(8))
        {
            case 0:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[bytes.Length - 600 - 3 - random.Next(4)] = (byte)random.Next(256);
                break;
            case 2:
                // As long as before, and of other parts: an entry of another length, and what makes up for it.
                var start = bytes.Length - (600 + 3) - 2 - 42;
                bytes[start + 1] = (byte)random.Next(38, 43);
                break;
            case 3:
                var message = ModelInferRequest.Parser.ParseFrom(seed);
                message.RawInputContents[0] = ByteString.CopyFrom(seed, 0, 20);
                message.RawInputContents[1] = ByteString.CopyFrom(seed, 0, 20);
                bytes = message.ToByteArray();
                break;
            case 4:
                var other = ModelInferRequest.Parser.ParseFrom(seed);
                if (random.Next(20) == 0)
                {
                    others[random.Next(others.Length)](other);
                }

                bytes = PlainMessages.Mutate(other.ToByteArray(), random);
                break;
            default:
                break;
        }

        var body = PlainCallServer.Frame(bytes);
        return random.Next(10) switch
        {
            0 => body[..random.Next(body.Length)],
            1 => [.. body, .. body.AsSpan(0, random.Next(1, body.Length))],
            2 when random.Next(3) == 0 => PlainMessages.Mutate(body, random),
            _ => body,
        };
    }

    private static async Task WriteAsync(Pipe pipe, byte[] body, Func<int> pieceLength)
    {
        for (var start = 0; start < body.Length;)
        {
            var length = Math.Min(pieceLength(), body.Length - start);
            await pipe.Writer.WriteAsync(body.AsMemory(start, length), Token);
            start += length;
        }

        await pipe.Writer.CompleteAsync();
    }

    private static async Task<byte[]> ReadAllAsync(Stream body, int pieceLength)
    {
        using var all = new MemoryStream();
        var piece = new byte[pieceLength];
        for (int read; (read = await body.ReadAsync(piece, Token)) > 0;)
        {
            all.Write(piece, 0, read);
        }

        return all.ToArray();
    }

    private PlainBodyReader Reader() => new(_memory, new KServeRpcOptions { LargeMessageBytes = Large });
}

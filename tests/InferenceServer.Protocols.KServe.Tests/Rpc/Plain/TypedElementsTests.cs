using System.IO.Pipelines;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Rpc.Plain;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

/// <summary>Typed contents that go from the transport into tensors, held against the generated parser and what reads its messages.</summary>
public sealed class TypedElementsTests : IDisposable
{
    private readonly PoisoningAllocator _memory = new();

    public void Dispose()
    {
        Assert.Equal(0, _memory.Outstanding);
        _memory.Dispose();
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task EveryType_IsReadAsTheLibraryReadsIt(int pieceLength)
    {
        var typed = PlainMessages.MakeTyped(PlainMessages.Message());

        using var message = PlainMessage.Rent();
        Assert.Equal(ReadingOutcome.Plain, await ReadAsync(typed.ToByteArray(), pieceLength, message));

        Assert.Null(message.Shortage);
        AssertSame(typed, message);
    }

    /// <summary>Whatever the bytes are: what is taken here is what the library would have taken, and nothing is that it would have refused.</summary>
    [Fact]
    public async Task AnyBytes_AreReadAsTheLibraryReadsThemOrLeftToIt()
    {
        var random = new Random(21);
        var seeds = Seeds().ToArray();
        var taken = new int[seeds.Length];
        for (var i = 0; i < 60_000; i++)
        {
            var which = random.Next(seeds.Length);
            var bytes = PlainMessages.Mutate(seeds[which], random);
            using var message = PlainMessage.Rent();
            if (await ReadAsync(bytes, random.Next(2) == 0 ? int.MaxValue : random.Next(1, 9), message) == ReadingOutcome.Plain && message.IsTyped)
            {
                taken[which]++;
                AssertSame(ModelInferRequest.Parser.ParseFrom(bytes), message);
            }
        }

        Assert.All(taken, static one => Assert.InRange(one, 100, 60_000));
    }

    /// <summary>Nothing is lost for speed: of messages that the library takes nearly all are taken here, too.</summary>
    [Theory]
    [InlineData("INT8", 128, false)]
    [InlineData("INT8", -129, false)]
    [InlineData("INT8", -128, true)]
    [InlineData("INT16", 32768, false)]
    [InlineData("INT16", 32767, true)]
    public async Task NumberThatTheTypeDoesNotHave_IsLeftToTheLibrary(string type, int number, bool isTaken)
    {
        var bytes = Messages.Typed(type, [1], new InferTensorContents { IntContents = { number } }).ToByteArray();

        using var message = PlainMessage.Rent();

        Assert.Equal(isTaken ? ReadingOutcome.Plain : ReadingOutcome.Other, await ReadAsync(bytes, int.MaxValue, message));
    }

    [Theory]
    [InlineData("UINT8", 256u, false)]
    [InlineData("UINT8", 255u, true)]
    [InlineData("UINT16", 65536u, false)]
    [InlineData("UINT32", uint.MaxValue, true)]
    public async Task NumberWithoutSignThatTheTypeDoesNotHave_IsLeftToTheLibrary(string type, uint number, bool isTaken)
    {
        var bytes = Messages.Typed(type, [1], new InferTensorContents { UintContents = { number } }).ToByteArray();

        using var message = PlainMessage.Rent();

        Assert.Equal(isTaken ? ReadingOutcome.Plain : ReadingOutcome.Other, await ReadAsync(bytes, int.MaxValue, message));
    }

    /// <summary>No shape has memory rented that the elements do not fill.</summary>
    [Theory]
    [InlineData("FP64", 1L << 40)]
    [InlineData("INT32", 1L << 40)]
    [InlineData("BYTES", 1L << 40)]
    [InlineData("FP32", 3)]
    [InlineData("FP16", 4)]
    public async Task ShapeOfOtherElements_RentsNothing(string type, long elements)
    {
        var contents = new InferTensorContents();
        switch (type)
        {
            case "FP64":
                contents.Fp64Contents.Add([1, 2, 3, 4]);
                break;
            case "INT32":
                contents.IntContents.Add([1, 2, 3, 4]);
                break;
            case "BYTES":
                contents.BytesContents.Add([ByteString.Empty, ByteString.Empty]);
                break;
            default:
                contents.Fp32Contents.Add([1, 2, 3, 4]);
                break;
        }

        using var message = PlainMessage.Rent();

        Assert.Equal(ReadingOutcome.Other, await ReadAsync(Messages.Typed(type, [elements], contents).ToByteArray(), int.MaxValue, message));
        Assert.Equal(0, type == "FP32" ? _memory.Outstanding : _memory.Rented);
    }

    [Fact]
    public async Task WithoutMemoryForIt_SaysSo()
    {
        _memory.Limit = 10;
        using var message = PlainMessage.Rent();

        Assert.Equal(ReadingOutcome.Plain, await ReadAsync(Messages.Typed("FP32", [4], new InferTensorContents { Fp32Contents = { 1, 2, 3, 4 } }).ToByteArray(), int.MaxValue, message));

        Assert.Equal(ErrorCode.ResourceExhausted, message.Shortage?.Code);
    }

    private static IEnumerable<byte[]> Seeds()
    {
        yield return PlainMessages.MakeTyped(PlainMessages.Message()).ToByteArray();
        yield return Messages.Typed("INT16", [4], new InferTensorContents { IntContents = { 1, -2, 300, -4000 } }).ToByteArray();
        yield return Messages.Typed("UINT64", [3], new InferTensorContents { Uint64Contents = { 1, ulong.MaxValue, 3 } }).ToByteArray();
        yield return Messages.Typed("BOOL", [4], new InferTensorContents { BoolContents = { true, false, true, true } }).ToByteArray();
        yield return Messages.Typed("BYTES", [2], new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8("one"), ByteString.CopyFromUtf8("another") } }).ToByteArray();
    }

    private void AssertSame(ModelInferRequest expected, PlainMessage message)
    {
        Assert.Equal((expected.ModelName, expected.ModelVersion, expected.Id), (message.ModelName, message.ModelVersion, message.Id));
        PlainMessages.AssertSameParameters(expected, message);
        Assert.Empty(expected.RawInputContents);
        PlainMessages.AssertSameOutputs(expected, message);
        Assert.Equal(expected.Inputs.Count, message.Inputs.Count);
        for (var i = 0; i < message.Inputs.Count; i++)
        {
            var (wanted, got) = (expected.Inputs[i], message.Inputs[i]);
            Assert.Equal((wanted.Name, wanted.Datatype), (got.Name, got.DataType.ProtocolName()));
            Assert.Equal(wanted.Shape, got.Shape.AsSpan().ToArray());
            Assert.Null(got.Range);
            Assert.Empty(wanted.Parameters);
            var error = TypedContentsReader.Read(expected, wanted, got.DataType, got.Shape, _memory, out var buffer);
            Assert.Null(error);
            using (buffer)
            {
                Assert.Equal(buffer!.Span.ToArray(), message.Tensors[i]!.Span.ToArray());
            }
        }
    }

    private async Task<ReadingOutcome> ReadAsync(byte[] bytes, int pieceLength, PlainMessage message)
    {
        var body = PlainCallServer.Frame(bytes);
        return await new PlainBodyReader(_memory, new KServeRpcOptions()).ReadAsync(PipeReader.Create(Pieces.Of(body, Math.Min(body.Length, pieceLength))), message);
    }
}

using System.Buffers;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Rpc.Plain;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

public sealed class PlainMessageReaderTests
{
    [Fact]
    public void TryRead_NamesShapesAndRawContents_ReadsAllOfThem()
    {
        var bytes = PlainMessages.Message().ToByteArray();
        foreach (var pieceLength in (int[])[bytes.Length, 1, 7])
        {
            using var message = PlainMessage.Rent();
            Assert.True(PlainMessageReader.TryRead(Pieces.Of(bytes, pieceLength), message));
            Assert.Equal(("modèle", "3", "id 7"), (message.ModelName, message.ModelVersion, message.Id));
            Assert.Equal([new PlainInput("A", TensorDataType.Fp32, new TensorShape(2, 1)), new PlainInput("S", TensorDataType.Bytes, new TensorShape(1)), new PlainInput("N", TensorDataType.UInt8, new TensorShape(0, 300))], message.Inputs);
            Assert.Equal([new PlainOutput("X", null), new PlainOutput("Y", null)], message.Outputs);
            PlainMessages.AssertSame(PlainMessages.Message(), message, bytes);
            Assert.Equal(PlainMessages.Message().RawInputContents.Select(static raw => raw.ToByteArray()), message.Contents.Select(place => bytes.AsSpan((int)place.Offset, (int)place.Length).ToArray()));
        }
    }

    [Fact]
    public void TryRead_TensorsInSharedMemory_ReadsWhereTheyAre()
    {
        var expected = PlainMessages.MakeShared(PlainMessages.Message());
        var bytes = expected.ToByteArray();
        foreach (var pieceLength in (int[])[bytes.Length, 1, 7])
        {
            using var message = PlainMessage.Rent();
            Assert.True(PlainMessageReader.TryRead(Pieces.Of(bytes, pieceLength), message));
            Assert.Equal([new SharedMemoryRange("in", 16, 8), null, null], message.Inputs.Select(static input => input.Range));
            Assert.Equal([new PlainOutput("X", null), new PlainOutput("Y", new SharedMemoryRange("out", 0, 4096))], message.Outputs);
            PlainMessages.AssertSame(expected, message, bytes);
        }
    }

    [Fact]
    public void TryRead_ShapeThatIsNotPacked_IsRead()
    {
        // Field 3 of the input, twice, as single numbers.
        byte[] bytes = [(1 << 3) | 2, 1, (byte)'m', (5 << 3) | 2, 14, (1 << 3) | 2, 1, (byte)'A', (2 << 3) | 2, 5, .. "UINT8"u8, (3 << 3) | 0, 2, (3 << 3) | 0, 1, (7 << 3) | 2, 2, 8, 9];
        bytes[4] = (byte)(bytes.Length - 5 - 4);
        using var message = PlainMessage.Rent();
        Assert.True(PlainMessageReader.TryRead(new ReadOnlySequence<byte>(bytes), message));
        Assert.Equal([new PlainInput("A", TensorDataType.UInt8, new TensorShape(2, 1))], message.Inputs);
        Assert.Equal(ModelInferRequest.Parser.ParseFrom(bytes).Inputs[0].Shape, [2, 1]);
    }

    [Theory]
    [InlineData("sequence_id", 2, new byte[] { 16, 5 }, true)] // A number.
    [InlineData("sequence_id", 2, new byte[] { 16, 5, 16, 6 }, false)] // Two of them.
    [InlineData("own", 2, new byte[] { 16, 5, 8, 1 }, false)] // A number and a flag.
    [InlineData("own", 2, new byte[] { 16 }, false)] // Half a number.
    [InlineData("own", 2, new byte[] { 33, 0, 0, 0, 0, 0, 0, 0 }, false)] // Seven bytes of eight.
    [InlineData("own", 2, new byte[] { 33, 0, 0, 0, 0, 0, 0, 240, 63 }, true)]
    [InlineData("own", 2, new byte[] { 26, 1, 0xFF }, false)] // No UTF-8.
    [InlineData("own", 3, new byte[] { 16, 5 }, false)] // In a field that there is not.
    public void TryRead_Parameter_IsPlainWithOneValue(string name, int field, byte[] value, bool expected)
    {
        byte[] entry = [10, (byte)name.Length, .. System.Text.Encoding.UTF8.GetBytes(name), (byte)((field << 3) | 2), (byte)value.Length, .. value];
        byte[] bytes = [(4 << 3) | 2, (byte)entry.Length, .. entry];
        using var message = PlainMessage.Rent();
        Assert.Equal(expected, PlainMessageReader.TryRead(Pieces.Of(bytes, 3), message));
    }

    public static TheoryData<string, Action<ModelInferRequest>> Others => new()
    {
        { "a parameter of another kind", static message => message.Parameters["sequence_start"] = new InferParameter { Int64Param = 1 } },
        { "a parameter without a value", static message => message.Parameters["own"] = new InferParameter() },
        { "a negative priority", static message => message.Parameters["priority"] = new InferParameter { Int64Param = -1 } },
        { "a negative timeout", static message => message.Parameters["timeout"] = new InferParameter { Int64Param = -1 } },
        { "a timeout without a sign", static message => message.Parameters["timeout"] = new InferParameter { Uint64Param = 1 } },
        { "a sequence that is no number", static message => message.Parameters["sequence_id"] = new InferParameter { DoubleParam = 1 } },
        { "a reserved parameter", static message => message.Parameters["triton_x"] = new InferParameter { BoolParam = true } },
        { "a long parameter", static message => message.Parameters["own"] = new InferParameter { StringParam = new string('x', 257) } },
        { "a parameter of an input", static message => message.Inputs[0].Parameters["x"] = new InferParameter { BoolParam = true } },
        { "a parameter of an output", static message => message.Outputs[0].Parameters["classification"] = new InferParameter { Int64Param = 1 } },
        { "shared memory without a size", static message => PlainMessages.MakeShared(message).Inputs[0].Parameters.Remove("shared_memory_byte_size") },
        { "a size without shared memory", static message => PlainMessages.MakeShared(message).Outputs[1].Parameters.Remove("shared_memory_region") },
        { "a negative offset", static message => PlainMessages.MakeShared(message).Inputs[0].Parameters["shared_memory_offset"].Int64Param = -1 },
        { "a size that is a text", static message => PlainMessages.MakeShared(message).Inputs[0].Parameters["shared_memory_byte_size"].StringParam = "8" },
        { "shared memory and an entry", static message => PlainMessages.MakeShared(message).RawInputContents.Add(ByteString.Empty) },
        { "shared memory and typed contents", static message => PlainMessages.MakeTyped(message).Inputs[0].Parameters.Add(PlainMessages.Place("in", 8, null)) },
        { "shared memory, and another parameter", static message => PlainMessages.MakeShared(message).Outputs[1].Parameters["classification"] = new InferParameter { Int64Param = 1 } },
        { "typed contents beside raw ones", static message => message.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { 1, 2 } } },
        { "typed contents in two fields", static message => PlainMessages.MakeTyped(message).Inputs[0].Contents.IntContents.Add(1) },
        { "empty contents", static message => PlainMessages.MakeTyped(message).Inputs[0].Contents = new InferTensorContents() },
        { "no data", static message => message.RawInputContents.Clear() },
        { "too little data", static message => message.RawInputContents[0] = ByteString.CopyFrom(1, 2, 3) },
        { "too many entries", static message => message.RawInputContents.Add(ByteString.Empty) },
        { "no such datatype", static message => message.Inputs[0].Datatype = "FP31" },
        { "no datatype", static message => message.Inputs[0].Datatype = "" },
        { "a negative dimension", static message => message.Inputs[0].Shape[0] = -2 },
        { "nine dimensions", static message => message.Inputs[1].Shape.Add([1, 1, 1, 1, 1, 1, 1, 1]) },
        { "more elements than can be counted", static message => message.Inputs[1].Shape.Add([long.MaxValue, long.MaxValue]) },
        { "a long name", static message => message.ModelName = new string('m', 257) },
    };

    [Theory]
    [MemberData(nameof(Others), DisableDiscoveryEnumeration = true)]
    public void TryRead_AnythingMoreOrWrong_IsNotPlain(string what, Action<ModelInferRequest> change)
    {
        var other = PlainMessages.Message();
        change(other);
        using var message = PlainMessage.Rent();
        Assert.False(PlainMessageReader.TryRead(new ReadOnlySequence<byte>(other.ToByteArray()), message), what);
    }

    [Fact]
    public void TryRead_AnyBytes_SaysWhatTheGeneratedReaderSays()
    {
        var random = new Random(11);
        var seeds = Others.Select(static row => PlainMessages.Changed(row.Data.Item2)).Append(PlainMessages.MakeShared(PlainMessages.Message()).ToByteArray()).Append(PlainMessages.Message().ToByteArray()).ToArray();
        var plain = 0;
        for (var i = 0; i < 60_000; i++)
        {
            var bytes = PlainMessages.Mutate(seeds[random.Next(3) == 0 ? random.Next(seeds.Length) : seeds.Length - 1], random);
            using var message = PlainMessage.Rent();
            if (!PlainMessageReader.TryRead(Pieces.Of(bytes, random.Next(2) == 0 ? Math.Max(1, bytes.Length) : random.Next(1, 9)), message))
            {
                continue;
            }

            plain++;
            PlainMessages.AssertSame(ModelInferRequest.Parser.ParseFrom(bytes), message, bytes);
        }

        Assert.InRange(plain, 1_000, 60_000);
    }
}

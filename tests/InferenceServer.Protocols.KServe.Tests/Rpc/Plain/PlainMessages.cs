using Google.Protobuf;
using Google.Protobuf.Collections;
using Inference;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Rpc.Plain;
using InferenceServer.Protocols.KServe.SharedMemory;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc.Plain;

/// <summary>Messages that are plain, and what becomes of them when bytes are changed.</summary>
internal static class PlainMessages
{
    public static ModelInferRequest Message() => new()
    {
        ModelName = "modèle",
        ModelVersion = "3",
        Id = "id 7",
        Parameters =
        {
            ["sequence_id"] = new InferParameter { Int64Param = long.MaxValue },
            ["sequence_start"] = new InferParameter { BoolParam = true },
            ["priority"] = new InferParameter { Uint64Param = ulong.MaxValue },
            ["timeout"] = new InferParameter { Int64Param = 0 },
            ["ratio"] = new InferParameter { DoubleParam = -0.25 },
            ["own"] = new InferParameter { StringParam = "tëxt" },
            ["triton_enable_empty_final_response"] = new InferParameter { BoolParam = false },
        },
        Inputs = { Messages.Input("FP32", [2, 1], name: "A"), Messages.Input("BYTES", [1], name: "S"), Messages.Input("UINT8", [0, 300], name: "N") },
        Outputs = { new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "X" }, new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "Y" } },
        RawInputContents = { ByteString.CopyFrom(1, 2, 3, 4, 5, 6, 7, 8), ByteString.CopyFrom(Messages.Strings("text")), ByteString.Empty },
    };

    /// <summary>The same with typed contents of every kind.</summary>
    public static ModelInferRequest MakeTyped(ModelInferRequest message)
    {
        message.RawInputContents.Clear();
        message.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { 1.5f, -2 } };
        message.Inputs[1].Contents = new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8("text") } };
        AddTyped(message, "BOOL", new InferTensorContents { BoolContents = { true, false, true } });
        AddTyped(message, "INT8", new InferTensorContents { IntContents = { -128, 127, 0 } });
        AddTyped(message, "INT16", new InferTensorContents { IntContents = { -32768, 32767, 300 } });
        AddTyped(message, "INT32", new InferTensorContents { IntContents = { int.MinValue, int.MaxValue, -1 } });
        AddTyped(message, "INT64", new InferTensorContents { Int64Contents = { long.MinValue, long.MaxValue, 1 } });
        AddTyped(message, "UINT8", new InferTensorContents { UintContents = { 255, 0, 128 } });
        AddTyped(message, "UINT16", new InferTensorContents { UintContents = { 65535, 0, 128 } });
        AddTyped(message, "UINT32", new InferTensorContents { UintContents = { uint.MaxValue, 0, 128 } });
        AddTyped(message, "UINT64", new InferTensorContents { Uint64Contents = { ulong.MaxValue, 0, 128 } });
        AddTyped(message, "FP64", new InferTensorContents { Fp64Contents = { double.NaN, double.MaxValue, -0.0 } });
        AddTyped(message, "BYTES", new InferTensorContents { BytesContents = { ByteString.Empty, ByteString.CopyFrom(new byte[200]), ByteString.CopyFrom(0xFF) } });
        return message;
    }

    private static void AddTyped(ModelInferRequest message, string type, InferTensorContents contents)
    {
        var input = Messages.Input(type, [3], name: $"T{message.Inputs.Count}");
        input.Contents = contents;
        message.Inputs.Add(input);
    }

    public static byte[] Changed(Action<ModelInferRequest> change)
    {
        var message = Message();
        change(message);
        return message.ToByteArray();
    }

    public static byte[] Mutate(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        for (var left = random.Next(4); left > 0 && bytes.Count > 0; left--)
        {
            var place = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[place] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(place, Math.Min(random.Next(1, 5), bytes.Count - place));
                    break;
                default:
                    var length = Math.Min(random.Next(1, 12), bytes.Count - place);
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(place, length));
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>That what was read is what the generated reader has read.</summary>
    public static void AssertSame(ModelInferRequest expected, PlainMessage message, byte[] bytes)
    {
        Assert.Equal((expected.ModelName, expected.ModelVersion, expected.Id), (message.ModelName, message.ModelVersion, message.Id));
        AssertSameParameters(expected, message);
        AssertSameOutputs(expected, message);
        var entries = 0;
        Assert.Equal(expected.Inputs.Count, message.Inputs.Count);
        for (var i = 0; i < message.Inputs.Count; i++)
        {
            var (wanted, got) = (expected.Inputs[i], message.Inputs[i]);
            Assert.Equal((wanted.Name, wanted.Datatype), (got.Name, got.DataType.ProtocolName()));
            Assert.Equal(wanted.Shape, got.Shape.AsSpan().ToArray());
            Assert.Null(wanted.Contents);
            Assert.Equal(RangeOf(expected, wanted.Parameters), got.Range);
            if (got.Range is null)
            {
                Assert.Equal(expected.RawInputContents[entries].ToByteArray(), ContentsOf(message, message.Tensors.Count > 0 ? i : entries, bytes));
                entries++;
            }
        }

        Assert.Equal(entries, expected.RawInputContents.Count);
    }

    public static void AssertSameOutputs(ModelInferRequest expected, PlainMessage message) =>
        Assert.Equal(expected.Outputs.Select(output => new PlainOutput(output.Name, RangeOf(expected, output.Parameters))), message.Outputs);

    /// <summary>Puts the first input and the last output into shared memory.</summary>
    public static ModelInferRequest MakeShared(ModelInferRequest message)
    {
        message.Inputs[0].Parameters.Add(Place("in", 8, 16));
        message.RawInputContents.RemoveAt(0);
        message.Outputs[1].Parameters.Add(Place("out", 4096, null));
        return message;
    }

    /// <summary>The parameters that say where in shared memory a tensor is.</summary>
    public static MapField<string, InferParameter> Place(string region, long size, long? offset)
    {
        var place = new MapField<string, InferParameter> { ["shared_memory_region"] = new() { StringParam = region }, ["shared_memory_byte_size"] = new() { Int64Param = size } };
        if (offset is { } given)
        {
            place["shared_memory_offset"] = new() { Int64Param = given };
        }

        return place;
    }

    private static SharedMemoryRange? RangeOf(ModelInferRequest message, MapField<string, InferParameter> parameters)
    {
        Assert.Null(RpcRangeReader.Read(message, default, parameters, out var range));
        Assert.All(parameters, static one => Assert.StartsWith("shared_memory_", one.Key, StringComparison.Ordinal));
        return range;
    }

    /// <summary>Of two of one name the later one holds.</summary>
    public static void AssertSameParameters(ModelInferRequest expected, PlainMessage message) => Assert.Equal(
        expected.Parameters.ToDictionary(static one => one.Key, static one => ValueOf(one.Value)).OrderBy(static one => one.Key, StringComparer.Ordinal),
        message.Parameters.GroupBy(static one => one.Name).ToDictionary(static one => one.Key, static one => one.Last().Value).OrderBy(static one => one.Key, StringComparer.Ordinal));

    private static ParameterValue ValueOf(InferParameter parameter) => parameter.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.BoolParam => ParameterValue.FromBool(parameter.BoolParam),
        InferParameter.ParameterChoiceOneofCase.Int64Param => ParameterValue.FromInt64(parameter.Int64Param),
        InferParameter.ParameterChoiceOneofCase.Uint64Param => ParameterValue.FromUInt64(parameter.Uint64Param),
        InferParameter.ParameterChoiceOneofCase.DoubleParam => ParameterValue.FromDouble(parameter.DoubleParam),
        InferParameter.ParameterChoiceOneofCase.StringParam => ParameterValue.FromString(parameter.StringParam),
        _ => throw new Xunit.Sdk.XunitException("A parameter without a value was read."),
    };

    private static byte[] ContentsOf(PlainMessage message, int input, byte[] bytes) => message.Tensors.Count > 0
        ? message.Tensors[input]!.Span.ToArray()
        : bytes.AsSpan((int)message.Contents[input].Offset, (int)message.Contents[input].Length).ToArray();
}

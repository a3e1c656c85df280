using Google.Protobuf;
using Grpc.Core;
using Inference;
using static Inference.ModelInferRequest.Types;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>The table of requests that must be refused, by name.</summary>
internal static class WrongRequests
{
    public static readonly Dictionary<string, WrongRequest> All = new()
    {
        ["unknown model"] = Invalid(new ModelInferRequest { ModelName = "nothing" }, "nothing") with { Code = StatusCode.NotFound },

        ["raw entry missing"] = Invalid(WithSecondInput([1]), "unable to find data", "SECOND", "echo"),
        ["raw entry too many"] = Invalid(Messages.Raw("UINT8", [1], [7], [8]), "raw_input_contents", "2", "1", "echo"),
        ["raw too short"] = Invalid(Messages.Raw("FP32", [1, 4], new byte[12]), "IN", "echo", "16", "12"),
        ["raw too long"] = Invalid(Messages.Raw("FP32", [1, 4], new byte[20]), "IN", "echo", "16", "20"),
        ["raw and typed"] = Invalid(RawAndTyped(), "contents", "raw_input_contents", "IN", "echo"),
        ["no data"] = Invalid(Messages.Typed("FP32", [1, 4], null), "unable to find data", "IN", "echo"),
        ["contents without a field"] = Invalid(Messages.Typed("FP32", [1, 4], new InferTensorContents()), "unable to find data", "IN", "echo"),

        ["unknown data type"] = Invalid(Messages.Raw("INT128", [1], [7]), "IN", "INT128", "INT64", "BF16"),
        ["lower-case data type"] = Invalid(Messages.Raw("fp32", [1], new byte[4]), "IN", "fp32"),
        ["no data type"] = Invalid(Messages.Raw("", [1], [7]), "IN"),
        ["negative dimension"] = Invalid(Messages.Raw("FP32", [1, -1, 3], new byte[12]), "IN", "echo", "[1,-1,3]"),
        ["nine dimensions"] = Invalid(Messages.Raw("UINT8", [1, 1, 1, 1, 1, 1, 1, 1, 1], [7]), "IN", "9", "8"),
        ["dimensions overflow"] = Invalid(Messages.Raw("FP32", [4, 4611686018427387904, 3], new byte[12]), "IN", "exceeds"),
        ["bytes overflow"] = Invalid(Messages.Raw("FP64", [4611686018427387904], new byte[8]), "IN", "exceeds"),
        ["strings overflow"] = Invalid(Messages.Raw("BYTES", [4, 4611686018427387904], []), "IN", "exceeds"),

        ["typed too few"] = Invalid(Messages.Typed("FP32", [1, 4], new() { Fp32Contents = { 1, 2, 3 } }), "IN", "echo", "16", "12"),
        ["typed too many"] = Invalid(Messages.Typed("FP32", [1, 4], new() { Fp32Contents = { 1, 2, 3, 4, 5 } }), "IN", "echo", "16", "20"),
        ["typed for an empty tensor"] = Invalid(Messages.Typed("FP32", [0], new() { Fp32Contents = { 1 } }), "IN", "echo", "0", "4"),
        ["typed strings"] = Invalid(Messages.Typed("BYTES", [2], new() { BytesContents = { ByteString.CopyFromUtf8("abc") } }), "2", "IN", "echo", "1"),
        ["wrong field"] = Invalid(Messages.Typed("FP32", [1], new() { IntContents = { 1 } }), "IN", "echo", "INT32", "FP32", "int_contents", "fp32_contents"),
        ["two fields"] = Invalid(Messages.Typed("FP32", [1], new() { Fp32Contents = { 1 }, Fp64Contents = { 1 } }), "IN", "already supplied", "fp64_contents"),
        ["typed FP16"] = Invalid(Messages.Typed("FP16", [1], new() { Fp32Contents = { 1.5f } }), "IN", "FP32", "FP16", "raw_input_contents"),
        ["typed BF16"] = Invalid(Messages.Typed("BF16", [1], new() { Fp32Contents = { 1.5f } }), "IN", "FP32", "BF16", "raw_input_contents"),
        ["UINT8 over"] = Invalid(Messages.Typed("UINT8", [2], new() { UintContents = { 255, 300 } }), "IN", "element 1", "300", "0 to 255", "UINT8"),
        ["UINT16 over"] = Invalid(Messages.Typed("UINT16", [1], new() { UintContents = { 65536 } }), "IN", "element 0", "65536", "0 to 65535"),
        ["INT8 over"] = Invalid(Messages.Typed("INT8", [1], new() { IntContents = { 128 } }), "IN", "element 0", "128", "-128 to 127"),
        ["INT8 under"] = Invalid(Messages.Typed("INT8", [1], new() { IntContents = { -129 } }), "IN", "-129", "-128 to 127"),
        ["INT16 under"] = Invalid(Messages.Typed("INT16", [1], new() { IntContents = { -32769 } }), "IN", "-32769", "-32768 to 32767"),

        ["sequence_id bool"] = Invalid(Messages.With("sequence_id", new() { BoolParam = true }), "sequence_id", "int64_param or string_param", "bool_param"),
        ["sequence_start int"] = Invalid(Messages.With("sequence_start", new() { Int64Param = 1 }), "sequence_start", "bool_param"),
        ["sequence_end string"] = Invalid(Messages.With("sequence_end", new() { StringParam = "true" }), "sequence_end", "bool_param"),
        ["priority string"] = Invalid(Messages.With("priority", new() { StringParam = "1" }), "priority", "int64_param or uint64_param"),
        ["priority negative"] = Invalid(Messages.With("priority", new() { Int64Param = -1 }), "priority", ">= 0", "-1"),
        ["timeout string"] = Invalid(Messages.With("timeout", new() { StringParam = "1" }), "timeout", "int64_param"),
        ["timeout unsigned"] = Invalid(Messages.With("timeout", new() { Uint64Param = 1 }), "timeout", "int64_param"),
        ["timeout negative"] = Invalid(Messages.With("timeout", new() { Int64Param = -1 }), "timeout", ">= 0"),
        ["reserved"] = Invalid(Messages.With("triton_x", new() { Int64Param = 1 }), "triton_x", "reserved", "triton_enable_empty_final_response"),
        ["empty final response int"] = Invalid(Messages.With("triton_enable_empty_final_response", new() { Int64Param = 1 }), "triton_enable_empty_final_response", "bool_param"),
        ["parameter without a value"] = Invalid(Messages.With("k", new()), "'k'", "int64_param"),

        ["classification zero"] = Invalid(WithOutput(("classification", new() { Int64Param = 0 })), "classification", "> 0"),
        ["classification string"] = Invalid(WithOutput(("classification", new() { StringParam = "2" })), "classification", "int64_param"),

        ["region of a number"] = Invalid(WithInput(("shared_memory_region", new() { Int64Param = 1 })), "shared_memory_region", "string_param", "int64_param", "IN"),
        ["region without a size"] = Invalid(WithInput(("shared_memory_region", new() { StringParam = "r" })), "shared_memory_byte_size", "shared_memory_region", "IN"),
        ["size without a region"] = Invalid(WithInput(("shared_memory_byte_size", new() { Int64Param = 1 })), "shared_memory_byte_size", "without 'shared_memory_region'", "IN"),
        ["offset without a region"] = Invalid(WithInput(("shared_memory_offset", new() { Int64Param = 0 })), "shared_memory_offset", "without 'shared_memory_region'", "IN"),
        ["size that is unsigned"] = Invalid(WithInput(("shared_memory_region", new() { StringParam = "r" }), ("shared_memory_byte_size", new() { Uint64Param = 1 })), "shared_memory_byte_size", "int64_param", "uint64_param", "IN"),
        ["negative size"] = Invalid(WithInput(("shared_memory_region", new() { StringParam = "r" }), ("shared_memory_byte_size", new() { Int64Param = -1 })), "shared_memory_byte_size", ">= 0", "-1", "IN"),
        ["negative offset"] = Invalid(WithOutput(("shared_memory_region", new() { StringParam = "r" }), ("shared_memory_byte_size", new() { Int64Param = 1 }), ("shared_memory_offset", new() { Int64Param = -7 })), "shared_memory_offset", ">= 0", "-7", "OUT"),
        ["input in an unknown region"] = Invalid(WithoutRaw(WithInput(("shared_memory_region", new() { StringParam = "nowhere" }), ("shared_memory_byte_size", new() { Int64Param = 1 }))), "nowhere", "IN") with { Code = StatusCode.NotFound },
        ["output in an unknown region"] = Invalid(WithOutput(("shared_memory_region", new() { StringParam = "nowhere" }), ("shared_memory_byte_size", new() { Int64Param = 1 })), "nowhere", "OUT") with { Code = StatusCode.NotFound },
        ["output as classes in a region"] = Invalid(WithOutput(("classification", new() { Int64Param = 1 }), ("shared_memory_region", new() { StringParam = "r" }), ("shared_memory_byte_size", new() { Int64Param = 1 })), "shared_memory_region", "classification", "OUT"),
        ["contents and a region"] = Invalid(ContentsAndRegion(), "content", "shared memory", "IN", "echo"),
    };

    private static WrongRequest Invalid(ModelInferRequest message, params string[] words) => new(message, StatusCode.InvalidArgument, words);

    private static ModelInferRequest WithSecondInput(byte[] first)
    {
        var message = Messages.Raw("UINT8", [1], first);
        message.Inputs.Add(Messages.Input("UINT8", [1], name: "SECOND"));
        return message;
    }

    private static ModelInferRequest RawAndTyped()
    {
        var message = Messages.Typed("UINT8", [1], new() { UintContents = { 1 } });
        message.RawInputContents.Add(ByteString.CopyFrom(7));
        return message;
    }

    private static ModelInferRequest ContentsAndRegion()
    {
        var message = WithoutRaw(WithInput(("shared_memory_region", new() { StringParam = "r" }), ("shared_memory_byte_size", new() { Int64Param = 1 })));
        message.Inputs[0].Contents = new InferTensorContents { UintContents = { 7 } };
        return message;
    }

    private static ModelInferRequest WithoutRaw(ModelInferRequest message)
    {
        message.RawInputContents.Clear();
        return message;
    }

    private static ModelInferRequest WithOutput(params (string Name, InferParameter Value)[] parameters)
    {
        var message = Messages.Raw("UINT8", [1], [7]);
        var output = new InferRequestedOutputTensor { Name = "OUT" };
        Array.ForEach(parameters, parameter => output.Parameters.Add(parameter.Name, parameter.Value));
        message.Outputs.Add(output);
        return message;
    }

    private static ModelInferRequest WithInput(params (string Name, InferParameter Value)[] parameters)
    {
        var message = Messages.Raw("UINT8", [1], [7]);
        Array.ForEach(parameters, parameter => message.Inputs[0].Parameters.Add(parameter.Name, parameter.Value));
        return message;
    }
}

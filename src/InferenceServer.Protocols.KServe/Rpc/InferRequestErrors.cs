using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// The sentences that a message is refused with before the engine sees it. Their substance is that of Triton, so that clients which look
/// for a name or a number in them go on working; each names the request, the tensor, what was expected and what came.
/// </summary>
internal static class InferRequestErrors
{
    public static InferenceError ParameterType(ModelInferRequest request, string name, string expected, InferParameter.ParameterChoiceOneofCase actual) =>
        Invalid(request, name, expected, NameOf(actual), $"invalid value type for '{name}' parameter, expected {expected}, got {NameOf(actual)}");

    public static InferenceError ParameterValue(ModelInferRequest request, string name, string expected, long actual) =>
        Invalid(request, name, expected, $"{actual}", $"invalid value for '{name}' parameter, expected {expected}, got {actual}");

    public static InferenceError ReservedParameter(ModelInferRequest request, string name, string allowed) =>
        Invalid(request, name, allowed, name, $"parameter '{name}' is not known: names that start with 'triton_' are reserved, and of them only '{allowed}' may be set");

    public static InferenceError SharedAndTyped(ModelInferRequest request, string input) =>
        Invalid(request, input, "no contents", "contents",
            $"unexpected 'content' provided when using shared memory for input tensor '{input}' for model '{request.ModelName}'");

    public static InferenceError TooManyRawEntries(ModelInferRequest request, int expected) =>
        Invalid(request, "raw_input_contents", $"{expected} entries", $"{request.RawInputContents.Count} entries",
            $"raw_input_contents has {request.RawInputContents.Count} entries for the {expected} inputs of the request for model '{request.ModelName}' that are not in shared memory, expected one an input");

    public static InferenceError NoData(ModelInferRequest request, string input) =>
        Invalid(request, input, "an entry in raw_input_contents or contents", "neither",
            $"unable to find data for input tensor '{input}' for model '{request.ModelName}' in request: expected an entry in raw_input_contents or contents");

    public static InferenceError RawAndTyped(ModelInferRequest request, string input) =>
        Invalid(request, input, "no contents", "contents",
            $"contents field must not be specified when using raw_input_contents for '{input}' for model '{request.ModelName}'");

    public static InferenceError DataType(ModelInferRequest request, string input, string actual) =>
        Invalid(request, input, "a data type of the protocol", actual,
            $"inference input '{input}' for model '{request.ModelName}' has the unknown data-type '{actual}'; the types are {TypeNames()}");

    public static InferenceError Rank(ModelInferRequest request, string input, int rank) =>
        Invalid(request, input, $"at most {TensorShape.MaxRank} dimensions", $"{rank} dimensions",
            $"input '{input}' for model '{request.ModelName}' has {rank} dimensions, expected at most {TensorShape.MaxRank}");

    public static InferenceError NegativeDimension(ModelInferRequest request, string input, IEnumerable<long> shape) =>
        Invalid(request, input, "dimensions of at least 0", Print(shape),
            $"every dimension of input '{input}' for model '{request.ModelName}' must be given and be at least 0, got {Print(shape)}");

    public static InferenceError TooLarge(ModelInferRequest request, string input, in TensorShape shape) =>
        Invalid(request, input, $"at most {long.MaxValue} bytes", shape.ToString(),
            $"the byte size of input '{input}' for model '{request.ModelName}' of shape {shape} exceeds the maximum of {long.MaxValue}");

    public static InferenceError ByteSize(ModelInferRequest request, string input, long expected, long actual) =>
        Invalid(request, input, $"{expected} bytes", $"{actual} bytes",
            $"input byte size mismatch for input '{input}' for model '{request.ModelName}'. Expected {expected}, got {actual}");

    public static InferenceError StringCount(ModelInferRequest request, string input, long expected, long actual) =>
        Invalid(request, input, $"{expected} elements", $"{actual} elements",
            $"expected {expected} string elements for inference input '{input}' for model '{request.ModelName}', got {actual}");

    public static InferenceError WrongField(ModelInferRequest request, string input, TensorDataType expected, in TypedField actual) =>
        Invalid(request, input, expected.ProtocolName(), actual.Name,
            $"unexpected explicit tensor data for input tensor '{input}' for model '{request.ModelName}' in {actual.Name}, which is of type '{actual.TypeName}', expected datatype '{expected.ProtocolName()}'"
            + (TypedContents.FieldOf(expected) is { Length: > 0 } field ? $" in {field}" : "; this type has no typed form and goes into raw_input_contents"));

    public static InferenceError TwoFields(ModelInferRequest request, string input, in TypedField first, in TypedField second) =>
        Invalid(request, input, first.Name, second.Name,
            $"unexpected explicit tensor data for input tensor '{input}' for model '{request.ModelName}' in {second.Name}: data was already supplied in {first.Name}, and one field only may be set");

    public static InferenceError OutOfRange(ModelInferRequest request, string input, TensorDataType type, int index, long value, long lowest, long highest) =>
        Invalid(request, input, $"{lowest} to {highest}", $"{value}",
            $"element {index} of input '{input}' for model '{request.ModelName}' is {value}, expected {lowest} to {highest} for the type {type.ProtocolName()}");

    public static InferenceError Decoupled(string model) =>
        new(ErrorCode.Unsupported, $"ModelInfer RPC doesn't support models with decoupled transaction policy: '{model}' may answer a request any number of times; use ModelStreamInfer") { Subject = model };

    private static InferenceError Invalid(ModelInferRequest request, string subject, string expected, string actual, string message) =>
        new(ErrorCode.InvalidArgument, Prefix(request) + message) { Subject = subject, Expected = expected, Actual = actual };

    private static string Prefix(ModelInferRequest request) => $"[request id: {(request.Id.Length == 0 ? "<id_unknown>" : request.Id)}] ";

    private static string Print(IEnumerable<long> shape) => $"[{string.Join(',', shape)}]";

    private static string TypeNames() => string.Join(", ", TensorDataTypes.All.ToArray().Select(static type => type.ProtocolName()));

    private static string NameOf(InferParameter.ParameterChoiceOneofCase kind) => kind switch
    {
        InferParameter.ParameterChoiceOneofCase.BoolParam => "bool_param",
        InferParameter.ParameterChoiceOneofCase.Int64Param => "int64_param",
        InferParameter.ParameterChoiceOneofCase.StringParam => "string_param",
        InferParameter.ParameterChoiceOneofCase.DoubleParam => "double_param",
        InferParameter.ParameterChoiceOneofCase.Uint64Param => "uint64_param",
        _ => "no value",
    };
}

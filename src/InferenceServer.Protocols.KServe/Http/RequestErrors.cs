using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Logging;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>The sentences that a request is refused with before the engine sees it.</summary>
internal static class RequestErrors
{
    /// <summary>The most characters of a header's value that an error repeats.</summary>
    private const int MaxShown = 100;

    public static InferenceError Json(in JsonCursor json) => Invalid($"failed to parse the request JSON buffer: {json.Failure}");

    public static InferenceError Kind(string field, string expected, ref JsonCursor json)
    {
        var actual = Describe(json.Peek());
        return Invalid($"Unable to parse '{field}': expected {expected}, got {actual} at offset {json.Position}", field, expected, actual);
    }

    public static InferenceError Missing(string owner, string field) =>
        Invalid($"Unable to parse '{field}': {owner} has no member '{field}'", field, "to be there", "nothing");

    public static InferenceError TooMany(string field, int limit) =>
        Invalid($"'{field}' has more than {limit} entries, which is the most that one request may have", field, $"at most {limit} entries");

    public static InferenceError NameTooLong(string field, int length, int limit) =>
        Invalid($"Unable to parse '{field}': expected at most {limit} bytes, got {length}", field, $"at most {limit} bytes", $"{length} bytes");

    public static InferenceError DataType(string input, string name) =>
        Invalid($"invalid datatype for input {input}: expected one of BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP16, FP32, FP64, BYTES, BF16, got '{name}'", input, "a datatype of the protocol", name);

    public static InferenceError Dimension(string input, int place, string value) =>
        Invalid($"Unable to parse 'shape' of input '{input}': dimension {place} must be an integer from 0 to {long.MaxValue}, got {value}", input, "a size", value);

    public static InferenceError Rank(string input) =>
        Invalid($"Unable to parse 'shape' of input '{input}': expected at most {TensorShape.MaxRank} dimensions, got more", input, $"at most {TensorShape.MaxRank} dimensions");

    public static InferenceError ElementCountOverflow(in InputHead input) =>
        Invalid($"invalid shape for input '{input.Name}': shape {input.Shape} causes total element count to exceed maximum size of {long.MaxValue}", input.Name, actual: input.Shape.ToString());

    public static InferenceError ByteSizeOverflow(in InputHead input) =>
        Invalid($"byte size overflow for input '{input.Name}': the elements of shape {input.Shape} and type {input.DataType.ProtocolName()} exceed the maximum allowed size of {long.MaxValue} bytes", input.Name, actual: input.Shape.ToString());

    public static InferenceError ElementCount(in InputHead input, long expected, long actual) =>
        Invalid($"Unable to parse 'data' of input '{input.Name}': shape {input.Shape} does not match true shape of 'data' field: expected {expected} elements, got {actual}", input.Name, $"{expected} elements", $"{actual} elements");

    public static InferenceError Nesting(in InputHead input, string actual) =>
        Invalid($"Unable to parse 'data' of input '{input.Name}': its arrays are nested as {actual}, expected flat elements or a nesting as shape {input.Shape} says", input.Name, input.Shape.ToString(), actual);

    public static InferenceError Element(in InputHead input, long place, string expected, string actual) =>
        Invalid($"Unable to parse 'data' of input '{input.Name}': element {place} must be {expected}, got {actual}", input.Name, expected, actual);

    public static InferenceError NotOneSource(string input, bool hasData, bool isBinary, bool isShared)
    {
        var found = !hasData && !isBinary && !isShared ? "no field is set"
            : $"set{(hasData ? " 'data'" : "")}{(isBinary ? " 'binary_data_size' in 'parameters'" : "")}{(isShared ? " 'shared_memory_region' in 'parameters'" : "")}";
        return Invalid($"Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But {found} (input '{input}')", input, "one source of data", found);
    }

    public static InferenceError ParameterKind(string name, string actual) =>
        Invalid($"parameter '{name}' has invalid type. It should be either 'int', 'bool', or 'string', or a number with a fraction; got {actual}", name, "int, bool, string or double", actual);

    public static InferenceError ParameterRange(string name, string value) =>
        Invalid($"parameter '{name}' must be a finite number, got {value}", name, "a finite number", value);

    public static InferenceError ReservedParameter(string name) =>
        Invalid($"parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified; got '{name}'", name);

    public static InferenceError Limit(string what, long size, int limit) =>
        Invalid($"{what} of {Text(size)} bytes exceeds the maximum allowed input size of {limit} bytes. Use --http-max-input-size to increase the limit.", null, $"at most {limit} bytes", $"{size} bytes");

    public static InferenceError OpenEndedLimit(string what, int limit) =>
        Invalid($"{what} exceeds the maximum allowed input size of {limit} bytes. Use --http-max-input-size to increase the limit.", null, $"at most {limit} bytes");

    public static InferenceError TensorLimit(string input, long size, int limit) =>
        Invalid($"JSON input '{input}' has a byte_size ({Text(size)} bytes) that exceeds the maximum allowed value of {limit} bytes. Use --http-max-input-size to increase the limit.", input, $"at most {limit} bytes", $"{size} bytes");

    /// <param name="size">The length of the body; null when only that it is too long is known.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    public static InferenceError BodyLimit(long? size, long limit) => size is { } known
        ? new(ErrorCode.ResourceExhausted, $"the request body of {Text(known)} bytes exceeds the maximum of {limit} bytes") { Expected = $"at most {limit} bytes", Actual = $"{known} bytes" }
        : new(ErrorCode.ResourceExhausted, $"the request body exceeds the maximum of {limit} bytes") { Expected = $"at most {limit} bytes" };

    /// <summary>Other requests than those of infer are small or read as they come: their bodies are not decompressed.</summary>
    public static InferenceError Timeout(string header, string value) =>
        new(ErrorCode.InvalidArgument, $"header '{header}' must be a whole number of milliseconds from 1 to {int.MaxValue}, got '{value}'")
        {
            Subject = header,
            Expected = $"1 to {int.MaxValue}",
            Actual = value,
        };

    public static InferenceError Encoding(string encoding) =>
        Invalid($"Unsupported content-encoding, only 'identity' is supported; got '{Shown(encoding)}'", "Content-Encoding", "identity", Shown(encoding));

    public static InferenceError HeaderLength(string value) =>
        Invalid($"Unable to parse Inference-Header-Content-Length, got: {Shown(value)}", "Inference-Header-Content-Length", "an integer", Shown(value));

    public static InferenceError HeaderLengthOverflow(string value) =>
        Invalid($"Unable to parse Inference-Header-Content-Length, value is out of range [ {int.MinValue}, {int.MaxValue} ], got: {value}", "Inference-Header-Content-Length", "a 32-bit integer", value);

    public static InferenceError HeaderRange(long length, long? body) =>
        Invalid($"inference header size should be in range (0, {(body is { } known ? Text(known) : "the length of the body")}), got: {length}", "Inference-Header-Content-Length", null, Text(length));

    public static InferenceError HeaderCutShort(long missing) => Invalid($"unexpected size for request JSON, expecting {missing} more bytes");

    public static InferenceError TailCutShort(string input, long missing, string model) =>
        Invalid($"unexpected size for input '{input}', expecting {missing} additional bytes for model '{model}'", input, $"{missing} more bytes");

    public static InferenceError Surplus(string model) => Invalid($"unexpected additional input data for model '{model}'");

    public static InferenceError EmptyBody(string expected) => Invalid($"the request body is empty, expected {expected}", null, expected, "nothing");

    public static InferenceError RawInputs(string model, int inputs) =>
        Invalid($"Raw request must only have 1 input (found 1) to be deduced but got {inputs} inputs in '{model}' model configuration", null, "a model of 1 input", $"{inputs} inputs");

    public static InferenceError RawFreeDimensions(string input, in TensorShape shape) =>
        Invalid($"The shape of Raw request input '{input}' cannot be deduced because there is more than one variable-sized dimension in {shape}", input, "at most one free dimension", shape.ToString());

    public static InferenceError RawBytesShape(string input, in TensorShape shape) =>
        Invalid($"For BYTE datatype raw input '{input}', the model must have input shape [1], has {shape}", input, "[1]", shape.ToString());

    public static InferenceError Decoupled(string model) =>
        new(ErrorCode.Unsupported, $"HTTP end point doesn't support models with decoupled transaction policy: '{model}' may answer a request any number of times; use generate_stream, generate or the gRPC stream") { Subject = model };

    public static InferenceError Compression(string encoding) =>
        new(ErrorCode.Unsupported, $"Unsupported compression type: got Content-Encoding '{Shown(encoding)}', expected gzip, deflate or identity") { Subject = "Content-Encoding", Expected = "gzip, deflate or identity", Actual = Shown(encoding) };

    public static InferenceError NothingToInflate() =>
        Invalid("nothing to be decompressed: the request body is empty, and its Content-Encoding says that it is compressed", "Content-Encoding", "a compressed body", "nothing");

    public static InferenceError NotCompressed() =>
        Invalid("the request body cannot be decompressed: it begins neither as gzip nor as zlib, the wrapper that HTTP's deflate has", "Content-Encoding", "gzip or zlib", "neither");

    public static InferenceError NeedsDictionary() =>
        Invalid("the request body cannot be decompressed: it counts on a dictionary that is no part of it", "Content-Encoding", "a body that is complete", "one that needs a dictionary");

    public static InferenceError CorruptBody(long bytes) =>
        Invalid($"the request body cannot be decompressed: its data is corrupt or ends too early, after {Text(bytes)} bytes of content");

    public static InferenceError InflatedLimit(int limit) =>
        Invalid($"Decompressed data size exceeds the maximum allowed value of {limit} bytes. Use --http-max-input-size to increase the limit.", null, $"at most {limit} bytes");

    public static string Describe(JsonKind kind) => kind switch
    {
        JsonKind.Object => "an object",
        JsonKind.Array => "an array",
        JsonKind.String => "a string",
        JsonKind.Number => "a number",
        JsonKind.Bool => "true or false",
        JsonKind.Null => "null",
        JsonKind.End => "the end of the text",
        _ => "what is no JSON value",
    };

    private static InferenceError Invalid(string message, string? subject = null, string? expected = null, string? actual = null) =>
        new(ErrorCode.InvalidArgument, message) { Subject = subject, Expected = expected, Actual = actual };

    /// <summary>The beginning of a header's value, which may be long.</summary>
    private static string Shown(string value) => ClippedText.Of(value, MaxShown);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}

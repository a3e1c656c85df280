using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>The sentences that payloads without a request around them are refused with.</summary>
internal static class PayloadErrors
{
    /// <summary>The most characters that are repeated of what a file says.</summary>
    public const int LongestQuote = 40;

    public static InferenceError NoSoleInput(ModelConfig model, string payload)
    {
        var inputs = string.Join(", ", model.Inputs.Select(static input => $"'{input.Name}'" + (input.IsOptional ? " (optional)" : "")));
        return Invalid($"the body is {payload}, which says nothing of inputs and is taken as the only one that a model needs; model '{model.Name}' has the inputs {inputs}: name them in 'inputs' of a JSON object", "inputs", "a model that needs one input", inputs);
    }

    public static InferenceError NoRows(ModelTensor input) =>
        Invalid($"the body is an empty array, expected rows of input '{input.Name}' of shape {input.Shape}, or a JSON object with 'inputs'", input.Name, input.Shape.ToString(), "[0]");

    public static InferenceError Ragged(ModelTensor input, string actual) =>
        Invalid($"the body is nested as {actual}, expected rows of input '{input.Name}' of shape {input.Shape}, all of one length and at most {TensorShape.MaxRank} dimensions", input.Name, input.Shape.ToString(), actual);

    public static InferenceError Shape(ModelTensor input, string payload, in TensorShape actual) =>
        Invalid($"{payload} has the shape {actual}, expected {input.Shape} as input '{input.Name}' has it, or one row of that", input.Name, input.Shape.ToString(), actual.ToString());

    public static InferenceError NotOneText(ModelTensor input) =>
        Invalid($"the body is one text, expected one element for input '{input.Name}', whose shape is {input.Shape}: send the elements as JSON", input.Name, input.Shape.ToString(), "1 element");

    public static InferenceError NotUtf8(ModelTensor input) =>
        Invalid($"the body is no text in UTF-8, expected one for input '{input.Name}': send other bytes as a binary tensor", input.Name, "UTF-8", "other bytes");

    public static InferenceError Charset(ModelTensor input) =>
        Invalid($"the body is a text in another character set, expected UTF-8 for input '{input.Name}'", "Content-Type", "text/plain; charset=utf-8", "another character set");

    public static InferenceError TensorLimit(string what, int limit) =>
        Invalid($"{what} takes more than {limit} bytes as a tensor. Use --http-max-input-size to increase the limit.", null, $"at most {limit} bytes");

    public static InferenceError Npy(string expected, string actual) =>
        Invalid($"the body is no npy file that can be read: expected {expected}, got {actual}", "body", expected, actual);

    public static InferenceError NpyType(string descr) =>
        Invalid($"the npy file has elements of the type '{descr}', expected b1, i1, i2, i4, i8, u1, u2, u4, u8, f2, f4, f8, V2 (bfloat16), S or U", "descr", "a type that tensors have", descr);

    public static InferenceError NpyOutputs(string model, int count) =>
        Invalid($"an npy file holds one tensor, and the answer of model '{model}' to this request has {count} outputs: name one in 'outputs' of a JSON object, or accept application/json", "Accept", "1 output", $"{count} outputs");

    public static InferenceError NpyTrailingNul(string output) =>
        Invalid($"output '{output}' has an element that ends with a zero byte, which an npy file cannot say: accept application/json", output, "elements without a zero byte at the end");

    public static InferenceError NpyWidth(string output, long bytes, int limit) =>
        Invalid($"output '{output}' would take {bytes} bytes in an npy file, whose elements are all as long as the longest; expected at most {limit}: accept application/json", output, $"at most {limit} bytes", $"{bytes} bytes");

    private static InferenceError Invalid(string message, string? subject = null, string? expected = null, string? actual = null) =>
        new(ErrorCode.InvalidArgument, message) { Subject = subject, Expected = expected, Actual = actual };
}

using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>The sentences that a request is refused with because of where its tensors are, over either protocol.</summary>
internal static class TensorErrors
{
    public static InferenceError Kind(string parameter, in TensorPlace tensor, string expected, string actual) =>
        Invalid(tensor, $"Unable to parse '{parameter}' of {tensor}: expected {expected}, got {actual}", expected, actual);

    public static InferenceError WithoutRegion(string parameter, in TensorPlace tensor) =>
        Invalid(tensor, $"'{parameter}' can not be specified without 'shared_memory_region' parameter for {tensor}", "a 'shared_memory_region'", "none");

    public static InferenceError WithoutByteSize(in TensorPlace tensor) =>
        Invalid(tensor, $"'shared_memory_byte_size' must be specified along with 'shared_memory_region' for {tensor}", "a 'shared_memory_byte_size'", "none");

    public static InferenceError OutputSetsBoth(in TensorPlace tensor, string other) =>
        Invalid(tensor, $"Output can't set both 'shared_memory_region' and '{other}' ({tensor})", "one of them", "both");

    public static InferenceError OutputTooLarge(in TensorView output, long byteSize) =>
        Invalid(new TensorPlace("output", output.Name, 0), $"shared memory size specified with the request for output '{output.Name}' ({Text(byteSize)} bytes) should be at least {Text(output.Length)} bytes to hold the results", $"at least {Text(output.Length)} bytes", $"{Text(byteSize)} bytes");

    public static InferenceError InputSize(in TensorPlace tensor, string model, string input, long expected, long actual) =>
        Invalid(tensor, $"input byte size mismatch for input '{input}' for model '{model}'. Expected {Text(expected)}, got {Text(actual)}", $"{Text(expected)} bytes", $"{Text(actual)} bytes");

    public static InferenceError TooMuch(in TensorPlace tensor, long limit) =>
        Invalid(tensor, $"with {tensor}, the inputs that are in shared memory exceed the maximum of {Text(limit)} bytes for one request", $"at most {Text(limit)} bytes", "more");

    /// <summary>The same error, which knows only of the region, about a tensor.</summary>
    public static InferenceError Of(in TensorPlace tensor, InferenceError error) => error with { Message = $"{error.Message} ({tensor})", Subject = tensor.Subject };

    private static InferenceError Invalid(in TensorPlace tensor, string message, string expected, string actual) =>
        new(ErrorCode.InvalidArgument, message) { Subject = tensor.Subject, Expected = expected, Actual = actual };

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}

using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Protocols.KServe.Generate;

/// <summary>The sentences that only the generate routes have.</summary>
internal static class GenerateErrors
{
    public static InferenceError Shape(ModelTensor input, long elements) =>
        new(ErrorCode.InvalidArgument, $"The schema can not convert input '{input.Name}' to tensor with proper shape: expected elements for the shape {input.Shape}, got {elements}")
        {
            Subject = input.Name,
            Expected = input.Shape.ToString(),
            Actual = $"{elements} elements",
        };

    public static InferenceError Sum(string input, long bytes, int limit) =>
        new(ErrorCode.InvalidArgument, $"the inputs of the request up to '{input}' take {bytes} bytes together, which exceeds the maximum allowed value of {limit} bytes. Use --http-max-input-size to increase the limit.")
        {
            Subject = input,
            Expected = $"at most {limit} bytes",
            Actual = $"{bytes} bytes",
        };

    public static InferenceError ResponseCount(string model, string actual) =>
        new(ErrorCode.InvalidArgument, "generate expects model to produce exactly 1 response, use generate stream for model that generates various number of responses")
        {
            Subject = model,
            Expected = "exactly 1 response",
            Actual = actual,
        };
}

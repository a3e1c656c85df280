using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Ensembles;

/// <summary>The sentences with which requests to ensembles fail, beside those of their steps.</summary>
internal static class EnsembleErrors
{
    /// <summary>What a step says, as the ensemble passes it on: with the step's own code.</summary>
    public static InferenceError InEnsemble(string ensemble, InferenceError error) => error with { Message = $"in ensemble '{ensemble}', {error.Message}" };

    public static InferenceError Unexpected(PlanStep step) =>
        new(ErrorCode.Internal, $"{step.Words} failed unexpectedly; the server's log says how");

    public static InferenceError NoAnswer(string ensemble) =>
        new(ErrorCode.Internal, $"in ensemble '{ensemble}', the answer could not be made; the server's log says how");

    public static InferenceError NoCondition(PlanStep step, in TensorView tensor) =>
        new(ErrorCode.InvalidArgument, $"the condition '{tensor.Name}' of {step.Words} must have one element, got the shape {tensor.Shape}")
        {
            Subject = tensor.Name,
            Expected = "one element",
            Actual = tensor.Shape.ToString(),
        };

    public static InferenceError NothingToCut(PlanStep step, in TensorView tensor) =>
        new(ErrorCode.InvalidArgument, $"tensor '{tensor.Name}' of {step.Words} is cut along its first dimension, and has none: its shape is {tensor.Shape}")
        {
            Subject = tensor.Name,
            Expected = "at least one dimension",
            Actual = tensor.Shape.ToString(),
        };

    public static InferenceError ItemsDiffer(PlanStep step, in TensorView tensor, long expected) =>
        new(ErrorCode.InvalidArgument, $"tensor '{tensor.Name}' of {step.Words} has {tensor.Shape[0]} items, expected {expected} as in the tensor before it")
        {
            Subject = tensor.Name,
            Expected = $"{expected} items",
            Actual = $"{tensor.Shape[0]} items",
        };

    public static InferenceError TooManyItems(PlanStep step, in TensorView tensor, int most) =>
        new(ErrorCode.InvalidArgument, $"tensor '{tensor.Name}' of {step.Words} has {tensor.Shape[0]} items, expected at most {most}")
        {
            Subject = tensor.Name,
            Expected = $"at most {most} items",
            Actual = $"{tensor.Shape[0]} items",
        };

    public static InferenceError ShapesDiffer(PlanStep step, string output, int item, in TensorShape expected, in TensorShape actual) =>
        new(ErrorCode.InvalidArgument, $"the items of {step.Words} cannot be put together: output '{output}' has the shape {actual} for item {item}, expected {expected} as for item 0")
        {
            Subject = output,
            Expected = expected.ToString(),
            Actual = actual.ToString(),
        };

    public static InferenceError TooManyResponses(PlanStep step, int most) =>
        new(ErrorCode.ResourceExhausted, $"{step.Words} has sent {most} responses that are still on their way; it cannot be made to wait, since its responses lead to its own model again");

    public static InferenceError Absent(string output, string why) =>
        new(ErrorCode.InvalidArgument, $"output '{output}' is not there: {why}") { Subject = output };

    public static InferenceError Output(string output, in TensorShape expected, in TensorShape actual) =>
        new(ErrorCode.Internal, $"unexpected shape for output '{output}'. Expected {expected}, got {actual}")
        {
            Subject = output,
            Expected = expected.ToString(),
            Actual = actual.ToString(),
        };

    public static InferenceError Memory(PlanStep step, BackendException failure) => new(failure.Code, $"the items of {step.Words} cannot be put together: {failure.Message}");
}

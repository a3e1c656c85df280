using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;

namespace InferenceServer.Core.Sequences;

/// <summary>The sentences that requests of sequences are refused with; their substance is that of Triton.</summary>
internal static class SequenceErrors
{
    public static InferenceError NotStarted(InferenceRequest request, SequenceId id) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}inference request for sequence {id} to model '{Model(request)}' must specify the START flag on the first request of the sequence; "
            + "the sequence is not known, or has ended")
        {
            Subject = "sequence_start",
            Expected = "true",
            Actual = "false",
        };

    public static InferenceError NoId(InferenceRequest request) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}inference request to model '{Model(request)}' must specify a non-zero or non-empty correlation ID: its parameter sequence_id")
        {
            Subject = "sequence_id",
            Expected = "a number above 0 or a text",
            Actual = "none",
        };

    public static InferenceError Rows(InferenceRequest request, int rows) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}inference request to model '{Model(request)}' must specify batch-size 1 due to requirements of sequence batcher, got {rows}")
        {
            Subject = "batch",
            Expected = "1 row",
            Actual = $"{rows} rows",
        };

    public static InferenceError ParameterKind(InferenceRequest request, string name, string expected, string got) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}parameter '{name}' of an inference request to model '{Model(request)}' must be {expected}, got {got}")
        {
            Subject = name,
            Expected = expected,
            Actual = got,
        };

    public static InferenceError IdType(InferenceRequest request, string control, TensorDataType given, TensorDataType expected) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}sequence batching control '{control}' data-type is '{given.ProtocolName()}', but model '{Model(request)}' expects '{expected.ProtocolName()}'")
        {
            Subject = "sequence_id",
            Expected = expected.ProtocolName(),
            Actual = given.ProtocolName(),
        };

    public static InferenceError IdTooLarge(InferenceRequest request, string control, SequenceId id, TensorDataType type, ulong max) =>
        new(ErrorCode.InvalidArgument, $"{Prefix(request)}sequence_id {id} is too large for sequence batching control '{control}' of model '{Model(request)}', which has the type {type.ProtocolName()}: expected at most {max}")
        {
            Subject = "sequence_id",
            Expected = $"at most {max}",
            Actual = id.ToString(),
        };

    public static InferenceError Broken(InferenceRequest request, SequenceId id) =>
        new(ErrorCode.Cancelled, $"{Prefix(request)}the request of sequence {id} to model '{Model(request)}' was cancelled, since one before it in its sequence has not run or was cancelled");

    public static InferenceError NoSlotInTime(InferenceRequest request, SequenceId id) =>
        new(ErrorCode.Unavailable, $"{Prefix(request)}timeout of the corresponding sequence has been expired: sequence {id} to model '{Model(request)}' found no free place among those that run")
        {
            Subject = "timeout",
            IsCallersLimit = true,
        };

    private static string Model(InferenceRequest request) => request.Lease.Model.Name;

    private static string Prefix(InferenceRequest request) => InferenceErrors.Prefix(request);
}

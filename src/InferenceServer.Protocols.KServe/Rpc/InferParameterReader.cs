using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Inference;
using Choice = Inference.InferParameter.ParameterChoiceOneofCase;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>
/// Reads the parameters of a request. The names that Triton's extensions define must have the type that they define (the sequence,
/// schedule policy and parameters extensions); every other name is a parameter of the client's own.
/// </summary>
internal static class InferParameterReader
{
    private const string ReservedPrefix = "triton_";
    public const string EmptyFinalResponse = "triton_enable_empty_final_response";
    private const string Classification = "classification";

    /// <summary>Copies the request's parameters.</summary>
    public static InferenceError? Read(ModelInferRequest message, InferenceRequest request)
    {
        foreach (var (name, value) in message.Parameters)
        {
            if (Check(message, name, value) is { } error)
            {
                return error;
            }

            // How the client wants its answers is nothing that a model should see.
            if (name != EmptyFinalResponse)
            {
                request.Parameters[name] = Convert(value);
            }
        }

        return null;
    }

    /// <summary>Checks the parameter of an output that changes its form.</summary>
    public static InferenceError? CheckOutput(ModelInferRequest message, ModelInferRequest.Types.InferRequestedOutputTensor output) =>
        !output.Parameters.TryGetValue(Classification, out var value) ? null
        : value.ParameterChoiceCase != Choice.Int64Param ? InferRequestErrors.ParameterType(message, Classification, "int64_param", value.ParameterChoiceCase)
        : value.Int64Param <= 0 ? InferRequestErrors.ParameterValue(message, Classification, "a value > 0", value.Int64Param)
        : null;

    /// <summary>How many of its best classes an output is wanted as; 0 for its elements. The output has been checked.</summary>
    public static int ClassesOf(ModelInferRequest.Types.InferRequestedOutputTensor output) =>
        output.Parameters.TryGetValue(Classification, out var count) ? (int)Math.Min(count.Int64Param, int.MaxValue) : 0;

    private static InferenceError? Check(ModelInferRequest message, string name, InferParameter value)
    {
        var kind = value.ParameterChoiceCase;
        switch (name)
        {
            case "sequence_id":
                return kind is Choice.Int64Param or Choice.StringParam ? null : InferRequestErrors.ParameterType(message, name, "int64_param or string_param", kind);
            case "sequence_start" or "sequence_end" or EmptyFinalResponse:
                return kind is Choice.BoolParam ? null : InferRequestErrors.ParameterType(message, name, "bool_param", kind);
            case "priority":
                return kind is not (Choice.Int64Param or Choice.Uint64Param) ? InferRequestErrors.ParameterType(message, name, "int64_param or uint64_param", kind)
                    : CheckNotNegative(message, name, value);
            case "timeout":
                return kind is not Choice.Int64Param ? InferRequestErrors.ParameterType(message, name, "int64_param", kind) : CheckNotNegative(message, name, value);
            default:
                return name.StartsWith(ReservedPrefix, StringComparison.Ordinal) ? InferRequestErrors.ReservedParameter(message, name, EmptyFinalResponse)
                    : kind is Choice.None ? InferRequestErrors.ParameterType(message, name, "int64_param, uint64_param, bool_param, string_param or double_param", kind)
                    : null;
        }
    }

    private static InferenceError? CheckNotNegative(ModelInferRequest message, string name, InferParameter value) =>
        value.ParameterChoiceCase is Choice.Int64Param && value.Int64Param < 0 ? InferRequestErrors.ParameterValue(message, name, "a value >= 0", value.Int64Param) : null;

    private static ParameterValue Convert(InferParameter value) => value.ParameterChoiceCase switch
    {
        Choice.BoolParam => ParameterValue.FromBool(value.BoolParam),
        Choice.Int64Param => ParameterValue.FromInt64(value.Int64Param),
        Choice.Uint64Param => ParameterValue.FromUInt64(value.Uint64Param),
        Choice.DoubleParam => ParameterValue.FromDouble(value.DoubleParam),
        _ => ParameterValue.FromString(value.StringParam),
    };
}

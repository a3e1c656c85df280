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
        foreach (var (name, given) in message.Parameters)
        {
            if (!TryConvert(given, out var value) || !IsAllowed(name, value))
            {
                return Refuse(message, name, given);
            }

            Keep(request, name, value);
        }

        return null;
    }

    /// <summary>Whether a parameter of this name may have this value.</summary>
    public static bool IsAllowed(string name, in ParameterValue value) => name switch
    {
        "sequence_id" => value.Kind is ParameterKind.Int64 or ParameterKind.String,
        "sequence_start" or "sequence_end" or EmptyFinalResponse => value.Kind is ParameterKind.Bool,
        "priority" => value.Kind is ParameterKind.UInt64 || IsNotNegative(value),
        "timeout" => IsNotNegative(value),
        _ => !name.StartsWith(ReservedPrefix, StringComparison.Ordinal),
    };

    /// <summary>Gives a parameter that is allowed to the request.</summary>
    public static void Keep(InferenceRequest request, string name, in ParameterValue value)
    {
        // How the client wants its answers is nothing that a model should see.
        if (name != EmptyFinalResponse)
        {
            request.Parameters[name] = value;
        }
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

    private static bool IsNotNegative(in ParameterValue value) => value.Kind is ParameterKind.Int64 && value.TryGetInt64(out var number) && number >= 0;

    private static InferenceError Refuse(ModelInferRequest message, string name, InferParameter value)
    {
        var kind = value.ParameterChoiceCase;
        return name switch
        {
            "sequence_id" => InferRequestErrors.ParameterType(message, name, "int64_param or string_param", kind),
            "sequence_start" or "sequence_end" or EmptyFinalResponse => InferRequestErrors.ParameterType(message, name, "bool_param", kind),
            "priority" or "timeout" when kind is Choice.Int64Param => InferRequestErrors.ParameterValue(message, name, "a value >= 0", value.Int64Param),
            "priority" => InferRequestErrors.ParameterType(message, name, "int64_param or uint64_param", kind),
            "timeout" => InferRequestErrors.ParameterType(message, name, "int64_param", kind),
            _ when name.StartsWith(ReservedPrefix, StringComparison.Ordinal) => InferRequestErrors.ReservedParameter(message, name, EmptyFinalResponse),
            _ => InferRequestErrors.ParameterType(message, name, "int64_param, uint64_param, bool_param, string_param or double_param", kind),
        };
    }

    private static bool TryConvert(InferParameter given, out ParameterValue value)
    {
        value = given.ParameterChoiceCase switch
        {
            Choice.BoolParam => ParameterValue.FromBool(given.BoolParam),
            Choice.Int64Param => ParameterValue.FromInt64(given.Int64Param),
            Choice.Uint64Param => ParameterValue.FromUInt64(given.Uint64Param),
            Choice.DoubleParam => ParameterValue.FromDouble(given.DoubleParam),
            _ => ParameterValue.FromString(given.StringParam),
        };
        return given.ParameterChoiceCase is not Choice.None;
    }
}

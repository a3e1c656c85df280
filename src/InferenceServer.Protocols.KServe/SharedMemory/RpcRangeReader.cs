using Google.Protobuf.Collections;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Rpc;
using Choice = Inference.InferParameter.ParameterChoiceOneofCase;

namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>Reads the parameters for shared memory of a tensor in a message.</summary>
internal static class RpcRangeReader
{
    /// <param name="message">The request.</param>
    /// <param name="tensor">The tensor, for errors.</param>
    /// <param name="all">The tensor's parameters.</param>
    /// <param name="range">Where the tensor is; null when it is not in shared memory.</param>
    /// <returns>What is wrong with the parameters, or null.</returns>
    public static InferenceError? Read(ModelInferRequest message, in TensorPlace tensor, MapField<string, InferParameter> all, out SharedMemoryRange? range)
    {
        range = null;
        if (all.Count == 0)
        {
            return null;
        }

        var parameters = default(RangeParameters);
        if (all.TryGetValue(RangeParameters.RegionName, out var region))
        {
            if (region.ParameterChoiceCase != Choice.StringParam)
            {
                return TensorErrors.Of(tensor, InferRequestErrors.ParameterType(message, RangeParameters.RegionName, "string_param", region.ParameterChoiceCase));
            }

            parameters.Region = region.StringParam;
        }

        var error = ReadNumber(message, RangeParameters.ByteSizeName, tensor, all, out var byteSize);
        parameters.ByteSize = byteSize;
        if (error is not null)
        {
            return error;
        }

        error = ReadNumber(message, RangeParameters.OffsetName, tensor, all, out var offset);
        parameters.Offset = offset;
        return error ?? parameters.Resolve(tensor, out range);
    }

    private static InferenceError? ReadNumber(ModelInferRequest message, string name, in TensorPlace tensor, MapField<string, InferParameter> all, out long? value)
    {
        value = null;
        if (!all.TryGetValue(name, out var number))
        {
            return null;
        }

        if (number.ParameterChoiceCase != Choice.Int64Param)
        {
            return TensorErrors.Of(tensor, InferRequestErrors.ParameterType(message, name, "int64_param", number.ParameterChoiceCase));
        }

        if (number.Int64Param < 0)
        {
            return TensorErrors.Of(tensor, InferRequestErrors.ParameterValue(message, name, "a value >= 0", number.Int64Param));
        }

        value = number.Int64Param;
        return null;
    }
}

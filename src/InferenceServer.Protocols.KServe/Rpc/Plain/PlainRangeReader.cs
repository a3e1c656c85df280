using InferenceServer.Abstractions.Models;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>Reads an entry of the map of a tensor's parameters, if it is one of those that say where in shared memory the tensor is.</summary>
internal static class PlainRangeReader
{
    /// <summary>Reads.</summary>
    /// <param name="reader">At the entry.</param>
    /// <param name="end">Where the entry ends.</param>
    /// <param name="parameters">What has come so far.</param>
    /// <returns>False when it is for the library.</returns>
    public static bool TryRead(ref WireReader reader, long end, ref RangeParameters parameters)
    {
        if (!PlainParameterReader.TryReadEntry(ref reader, end, comesAgain: true, out var parameter))
        {
            return false;
        }

        switch (parameter.Name)
        {
            case RangeParameters.RegionName when parameter.Value.TryGetString(out var region):
                parameters.Region = region;
                return true;
            case RangeParameters.ByteSizeName when TryGetSize(parameter.Value, out var size):
                parameters.ByteSize = size;
                return true;
            case RangeParameters.OffsetName when TryGetSize(parameter.Value, out var offset):
                parameters.Offset = offset;
                return true;
            default:
                return false;
        }
    }

    private static bool TryGetSize(in ParameterValue value, out long size)
    {
        size = 0;
        return value.Kind == ParameterKind.Int64 && value.TryGetInt64(out size) && size >= 0;
    }
}

using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>Reads the parameters for shared memory of a tensor in JSON.</summary>
internal static class JsonRangeReader
{
    /// <summary>How many characters of a wrong number are repeated.</summary>
    private const int MaxNumberShown = 40;

    /// <summary>The parameter's name when it is one of them, otherwise null.</summary>
    public static string? NameOf(in JsonText member) =>
        member.Is("shared_memory_region"u8) ? RangeParameters.RegionName
        : member.Is("shared_memory_byte_size"u8) ? RangeParameters.ByteSizeName
        : member.Is("shared_memory_offset"u8) ? RangeParameters.OffsetName
        : null;

    /// <summary>Reads the value of one of them; of two equal ones the first counts.</summary>
    /// <param name="json">Before the value; behind it afterwards.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="tensor">The tensor, for errors.</param>
    /// <param name="parameters">Where the value goes.</param>
    /// <returns>What is wrong with the value, or null.</returns>
    public static InferenceError? Read(ref JsonCursor json, string name, in TensorPlace tensor, ref RangeParameters parameters)
    {
        InferenceError? error;
        switch (name)
        {
            case RangeParameters.RegionName when parameters.Region is null:
                error = ReadRegion(ref json, tensor, out var region);
                parameters.Region = region;
                return error;
            case RangeParameters.ByteSizeName when parameters.ByteSize is null:
                error = ReadNumber(ref json, name, tensor, out var byteSize);
                parameters.ByteSize = byteSize;
                return error;
            case RangeParameters.OffsetName when parameters.Offset is null:
                error = ReadNumber(ref json, name, tensor, out var offset);
                parameters.Offset = offset;
                return error;
            default:
                return json.TrySkip() ? null : RequestErrors.Json(json);
        }
    }

    private static InferenceError? ReadRegion(ref JsonCursor json, in TensorPlace tensor, out string? region)
    {
        region = null;
        if (json.Peek() != JsonKind.String)
        {
            return TensorErrors.Kind(RangeParameters.RegionName, tensor, "a string", RequestErrors.Describe(json.Peek()));
        }

        if (!json.TryReadString(out var text))
        {
            return RequestErrors.Json(json);
        }

        if (text.Length > InferHeaderReader.MaxNameLength)
        {
            return TensorErrors.Kind(RangeParameters.RegionName, tensor, $"at most {InferHeaderReader.MaxNameLength} bytes", $"{text.Length}");
        }

        region = text.ToString();
        return null;
    }

    private static InferenceError? ReadNumber(ref JsonCursor json, string name, in TensorPlace tensor, out long value)
    {
        const string Expected = "an unsigned integer of 63 bits";
        value = 0;
        if (json.Peek() != JsonKind.Number)
        {
            return TensorErrors.Kind(name, tensor, Expected, RequestErrors.Describe(json.Peek()));
        }

        if (!json.TryReadNumber(out var number))
        {
            return RequestErrors.Json(json);
        }

        return number.TryGetInt64(out value) && value >= 0 ? null : TensorErrors.Kind(name, tensor, Expected, Encoding.UTF8.GetString(number.Text[..Math.Min(number.Text.Length, MaxNumberShown)]));
    }
}

using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads one entry of a request's <c>inputs</c>.</summary>
internal sealed class InputReader(ITensorAllocator allocator, int maxTensorBytes)
{
    private readonly TensorDataReader _data = new(allocator, maxTensorBytes);

    /// <summary>Reads the entry that comes next and adds it to <paramref name="inputs"/>.</summary>
    public InferenceError? Read(ref JsonCursor json, ModelConfig? model, List<HeaderInput> inputs)
    {
        if (json.Peek() != JsonKind.Object)
        {
            return RequestErrors.Kind("inputs", "an object for each input", ref json);
        }

        TensorBuffer? buffer = null;
        var error = ReadObject(ref json, model, inputs.Count, out var head, out var binarySize, out var source, ref buffer);
        if (error is not null)
        {
            buffer?.Dispose();
            return error;
        }

        inputs.Add(new HeaderInput(head, buffer, binarySize, source));
        return null;
    }

    private InferenceError? ReadObject(ref JsonCursor json, ModelConfig? model, int place, out InputHead head, out long binarySize, out SharedMemoryRange? source, ref TensorBuffer? buffer)
    {
        head = default;
        binarySize = 0;
        source = null;
        string? name = null;
        string? typeName = null;
        TensorDataType? type = null;
        TensorShape? shape = null;
        long? declared = null;
        var shared = default(RangeParameters);
        var hasData = false;
        var hasParameters = false;

        // Where the data begins when it comes before the members that say how to read it.
        JsonCursor postponed = default;
        var isPostponed = false;

        var first = true;
        json.TryEnterObject();
        while (!json.Failed && json.TryNextMember(ref first, out var member))
        {
            InferenceError? error = null;
            if (name is null && member.Is("name"u8))
            {
                error = TensorNames.Read(ref json, model?.Inputs ?? [], out name);
            }
            else if (typeName is null && member.Is("datatype"u8))
            {
                error = ReadType(ref json, out typeName, out type);
            }
            else if (shape is null && member.Is("shape"u8))
            {
                error = ShapeReader.Read(ref json, name ?? Unnamed(place), out shape);
            }
            else if (!hasData && member.Is("data"u8))
            {
                hasData = true;
                if (name is not null && type is { } known && shape is { } dimensions)
                {
                    error = _data.Read(ref json, new InputHead(name, known, dimensions), out buffer);
                }
                else
                {
                    isPostponed = true;
                    postponed = json;
                    error = json.TrySkip() ? null : RequestErrors.Json(json);
                }
            }
            else if (!hasParameters && member.Is("parameters"u8))
            {
                hasParameters = true;
                error = ReadParameters(ref json, new TensorPlace("input", name, place), out declared, ref shared);
            }
            else if (!json.TrySkip())
            {
                return RequestErrors.Json(json);
            }

            if (error is not null)
            {
                return error;
            }
        }

        if (json.Failed)
        {
            return RequestErrors.Json(json);
        }

        var missing = name is null ? "name" : typeName is null ? "datatype" : shape is null ? "shape" : null;
        if (missing is not null)
        {
            return RequestErrors.Missing(name is null ? Unnamed(place) : $"input '{name}'", missing);
        }

        if (type is null)
        {
            return RequestErrors.DataType(name!, typeName!);
        }

        if (shared.Resolve(new TensorPlace("input", name, place), out source) is { } incomplete)
        {
            return incomplete;
        }

        if ((hasData ? 1 : 0) + (declared.HasValue ? 1 : 0) + (source.HasValue ? 1 : 0) != 1)
        {
            return RequestErrors.NotOneSource(name!, hasData, declared.HasValue, source.HasValue);
        }

        head = new InputHead(name!, type.Value, shape!.Value);
        binarySize = declared ?? 0;
        return isPostponed ? _data.Read(ref postponed, head, out buffer) : null;
    }

    private static string Unnamed(int place) => $"input {place} of the request";

    private static InferenceError? ReadType(ref JsonCursor json, out string? name, out TensorDataType? type)
    {
        name = null;
        type = null;
        if (json.Peek() != JsonKind.String)
        {
            return RequestErrors.Kind("datatype", "a string", ref json);
        }

        if (!json.TryReadString(out var text))
        {
            return RequestErrors.Json(json);
        }

        foreach (var candidate in TensorDataTypes.All)
        {
            if (text.Is(candidate.ProtocolName()))
            {
                name = candidate.ProtocolName();
                type = candidate;
                return null;
            }
        }

        // Refused once the input's name is known too.
        name = text.Length > InferHeaderReader.MaxNameLength ? "a text too long to show" : text.ToString();
        return null;
    }

    private static InferenceError? ReadParameters(ref JsonCursor json, in TensorPlace place, out long? binarySize, ref RangeParameters shared)
    {
        binarySize = null;
        if (json.Peek() != JsonKind.Object)
        {
            return RequestErrors.Kind("parameters", "an object", ref json);
        }

        var first = true;
        json.TryEnterObject();
        while (!json.Failed && json.TryNextMember(ref first, out var member))
        {
            if (JsonRangeReader.NameOf(member) is { } parameter)
            {
                if (JsonRangeReader.Read(ref json, parameter, place, ref shared) is { } wrong)
                {
                    return wrong;
                }
            }
            else if (binarySize is null && member.Is("binary_data_size"u8))
            {
                var start = json;
                if (RequestParametersReader.ReadUInt64(ref json, "binary_data_size", out var size) is { } error)
                {
                    return error;
                }

                if (size > long.MaxValue)
                {
                    return RequestErrors.Kind("binary_data_size", "an integer of 63 bits", ref start);
                }

                binarySize = (long)size;
            }
            else if (!json.TrySkip())
            {
                return RequestErrors.Json(json);
            }
        }

        return json.Failed ? RequestErrors.Json(json) : null;
    }
}

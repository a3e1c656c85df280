using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads one entry of a request's <c>outputs</c>.</summary>
internal static class RequestedOutputReader
{
    public static InferenceError? Read(ref JsonCursor json, ModelConfig? model, List<RequestedOutput> outputs)
    {
        if (json.Peek() != JsonKind.Object)
        {
            return RequestErrors.Kind("outputs", "an object for each output", ref json);
        }

        string? name = null;
        var isBinary = false;
        var classes = 0;
        var shared = default(RangeParameters);
        var hasParameters = false;
        var first = true;
        json.TryEnterObject();
        while (!json.Failed && json.TryNextMember(ref first, out var member))
        {
            InferenceError? error = null;
            if (name is null && member.Is("name"u8))
            {
                error = TensorNames.Read(ref json, model?.Outputs ?? [], out name);
            }
            else if (!hasParameters && member.Is("parameters"u8))
            {
                hasParameters = true;
                error = ReadParameters(ref json, new TensorPlace("output", name, outputs.Count), out isBinary, out classes, ref shared);
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

        if (name is null)
        {
            return RequestErrors.Missing($"output {outputs.Count} of the request", "name");
        }

        var place = new TensorPlace("output", name, outputs.Count);
        var incomplete = shared.Resolve(place, out var target);
        if (incomplete is not null || (target is not null && (isBinary || classes > 0)))
        {
            return incomplete ?? TensorErrors.OutputSetsBoth(place, classes > 0 ? "classification" : "binary_data");
        }

        outputs.Add(new RequestedOutput(name, isBinary, classes, target));
        return null;
    }

    private static InferenceError? ReadParameters(ref JsonCursor json, in TensorPlace place, out bool isBinary, out int classes, ref RangeParameters shared)
    {
        isBinary = false;
        classes = 0;
        if (json.Peek() != JsonKind.Object)
        {
            return RequestErrors.Kind("parameters", "an object", ref json);
        }

        var hasBinary = false;
        var hasClasses = false;
        var first = true;
        json.TryEnterObject();
        while (!json.Failed && json.TryNextMember(ref first, out var member))
        {
            InferenceError? error = null;
            if (!hasBinary && member.Is("binary_data"u8))
            {
                hasBinary = true;
                error = RequestParametersReader.ReadBool(ref json, "binary_data", out isBinary);
            }
            else if (!hasClasses && member.Is("classification"u8))
            {
                hasClasses = true;
                error = RequestParametersReader.ReadUInt64(ref json, "classification", out var count);

                // More classes than an output can have are all of them.
                classes = (int)Math.Min(count, int.MaxValue);
            }
            else if (JsonRangeReader.NameOf(member) is { } parameter)
            {
                error = JsonRangeReader.Read(ref json, parameter, place, ref shared);
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

        return json.Failed ? RequestErrors.Json(json) : null;
    }
}

using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;

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
                error = ReadParameters(ref json, out isBinary);
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

        outputs.Add(new RequestedOutput(name, isBinary));
        return null;
    }

    private static InferenceError? ReadParameters(ref JsonCursor json, out bool isBinary)
    {
        isBinary = false;
        if (json.Peek() != JsonKind.Object)
        {
            return RequestErrors.Kind("parameters", "an object", ref json);
        }

        var hasBinary = false;
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
            else if (member.Is("classification"u8))
            {
                error = RequestParametersReader.ReadUInt64(ref json, "classification", out var classes);
                error ??= classes > 0 ? RequestErrors.NotYet("an output", "classification") : null;
            }
            else if (RequestParametersReader.SharedMemoryName(member) is { } parameter)
            {
                return RequestErrors.NotYet("an output", parameter);
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

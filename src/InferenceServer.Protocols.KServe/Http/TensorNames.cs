using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads the names of tensors. A name that the model knows is not made anew.</summary>
internal static class TensorNames
{
    public static InferenceError? Read(ref JsonCursor json, ImmutableArray<ModelTensor> known, out string? name)
    {
        name = null;
        if (json.Peek() != JsonKind.String)
        {
            return RequestErrors.Kind("name", "a string", ref json);
        }

        if (!json.TryReadString(out var text))
        {
            return RequestErrors.Json(json);
        }

        if (text.Length > InferHeaderReader.MaxNameLength)
        {
            return RequestErrors.NameTooLong("name", text.Length, InferHeaderReader.MaxNameLength);
        }

        foreach (var tensor in known)
        {
            if (text.Is(tensor.Name))
            {
                name = tensor.Name;
                return null;
            }
        }

        name = text.ToString();
        return null;
    }
}

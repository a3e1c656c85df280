using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Repository;

/// <summary>Walks the members of the small JSON objects that requests about the repository have as bodies. A body may be left out.</summary>
internal static class ControlObject
{
    /// <summary>Reads or skips the value of one member.</summary>
    public delegate InferenceError? MemberReader<T>(ref JsonCursor json, scoped JsonText name, ref T state);

    /// <summary>Reads a whole body.</summary>
    public static InferenceError? Read<T>(ReadOnlySpan<byte> text, ref T state, MemberReader<T> member)
    {
        if (text.IsEmpty)
        {
            return null;
        }

        var json = new JsonCursor(text);
        if (!json.Failed && json.Peek() is not JsonKind.Object and not JsonKind.Other and not JsonKind.End)
        {
            return RequestErrors.Kind("body", "an object", ref json);
        }

        var error = ReadObject(ref json, ref state, member);
        return error is null && !json.TryEnd() ? RequestErrors.Json(json) : error;
    }

    /// <summary>Reads the member <c>parameters</c>.</summary>
    public static InferenceError? ReadParameters<T>(ref JsonCursor json, ref T state, MemberReader<T> member) => json.Peek() == JsonKind.Object
        ? ReadObject(ref json, ref state, member)
        : RequestErrors.Kind("parameters", "an object", ref json);

    public static InferenceError? Skip(ref JsonCursor json) => json.TrySkip() ? null : RequestErrors.Json(json);

    private static InferenceError? ReadObject<T>(ref JsonCursor json, ref T state, MemberReader<T> member)
    {
        var first = true;
        json.TryEnterObject();
        while (!json.Failed && json.TryNextMember(ref first, out var name))
        {
            if (member(ref json, name, ref state) is { } error)
            {
                return error;
            }
        }

        return json.Failed ? RequestErrors.Json(json) : null;
    }
}

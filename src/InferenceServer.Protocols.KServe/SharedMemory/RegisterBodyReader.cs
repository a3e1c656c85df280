using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>Reads the JSON object <c>{"key", "byte_size", "offset"?}</c>. Unknown members are passed over; of two equal ones the first counts.</summary>
internal static class RegisterBodyReader
{
    /// <returns>What is wrong with the text, or null.</returns>
    public static InferenceError? Read(ReadOnlySpan<byte> text, out RegisterBody body)
    {
        body = default;
        var json = new JsonCursor(text);
        if (!json.Failed && json.Peek() is not JsonKind.Object and not JsonKind.Other and not JsonKind.End)
        {
            return RequestErrors.Kind("key", "an object that has it", ref json);
        }

        string? key = null;
        ulong? byteSize = null;
        ulong? offset = null;
        var first = true;
        json.TryEnterObject();
        while (!json.Failed && json.TryNextMember(ref first, out var member))
        {
            InferenceError? error = null;
            if (key is null && member.Is("key"u8))
            {
                error = ReadKey(ref json, out key);
            }
            else if (byteSize is null && member.Is("byte_size"u8))
            {
                error = RequestParametersReader.ReadUInt64(ref json, "byte_size", out var value);
                byteSize = value;
            }
            else if (offset is null && member.Is("offset"u8))
            {
                error = RequestParametersReader.ReadUInt64(ref json, "offset", out var value);
                offset = value;
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

        if (json.Failed || !json.TryEnd())
        {
            return RequestErrors.Json(json);
        }

        if (key is null || byteSize is null)
        {
            return Missing(key is null ? "key" : "byte_size");
        }

        body = new RegisterBody(key, offset ?? 0, byteSize.Value);
        return null;
    }

    public static InferenceError Missing(string field) =>
        new(ErrorCode.InvalidArgument, $"Shared memory register request has no '{field}' field") { Subject = field, Expected = "to be there", Actual = "nothing" };

    private static InferenceError? ReadKey(ref JsonCursor json, out string? key)
    {
        key = null;
        if (json.Peek() != JsonKind.String)
        {
            return RequestErrors.Kind("key", "a string", ref json);
        }

        if (!json.TryReadString(out var text))
        {
            return RequestErrors.Json(json);
        }

        key = text.ToString();
        return null;
    }
}

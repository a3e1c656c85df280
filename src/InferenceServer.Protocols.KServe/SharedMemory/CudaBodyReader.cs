using System.Buffers;
using System.Buffers.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>
/// Reads the JSON object <c>{"raw_handle": {"b64"}, "device_id", "byte_size"}</c>. Unknown members are passed over; of two equal ones the
/// first counts.
/// </summary>
internal static class CudaBodyReader
{
    private const int HandleSize = 64;

    /// <summary>The most bytes that the handle may have as it is written; it has 88.</summary>
    private const int MaxEncoded = 1024;

    /// <returns>What is wrong with the text, or null.</returns>
    public static InferenceError? Read(ReadOnlySpan<byte> text, out CudaBody body)
    {
        body = default;
        var json = new JsonCursor(text);
        if (!json.Failed && json.Peek() is not JsonKind.Object and not JsonKind.Other and not JsonKind.End)
        {
            return RequestErrors.Kind("raw_handle", "an object that has it", ref json);
        }

        byte[]? handle = null;
        ulong? device = null;
        ulong? byteSize = null;
        var first = true;
        json.TryEnterObject();
        while (!json.Failed && json.TryNextMember(ref first, out var member))
        {
            InferenceError? error = null;
            if (handle is null && member.Is("raw_handle"u8))
            {
                error = ReadHandle(ref json, out handle);
            }
            else if (device is null && member.Is("device_id"u8))
            {
                error = RequestParametersReader.ReadUInt64(ref json, "device_id", out var value);
                device = value;
            }
            else if (byteSize is null && member.Is("byte_size"u8))
            {
                error = RequestParametersReader.ReadUInt64(ref json, "byte_size", out var value);
                byteSize = value;
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

        if (handle is null || device is null || byteSize is null)
        {
            return RegisterBodyReader.Missing(handle is null ? "raw_handle" : device is null ? "device_id" : "byte_size");
        }

        if (device > int.MaxValue)
        {
            return Invalid("device_id", $"Unable to parse 'device_id': expected the number of a device, got {device}", "the number of a device", $"{device}");
        }

        body = new CudaBody(handle, (long)device, byteSize.Value);
        return null;
    }

    private static InferenceError? ReadHandle(ref JsonCursor json, out byte[]? handle)
    {
        handle = null;
        if (json.Peek() != JsonKind.Object)
        {
            return RequestErrors.Kind("raw_handle", "an object with the member 'b64'", ref json);
        }

        var first = true;
        json.TryEnterObject();
        while (!json.Failed && json.TryNextMember(ref first, out var member))
        {
            var error = handle is null && member.Is("b64"u8) ? ReadEncoded(ref json, out handle) : json.TrySkip() ? null : RequestErrors.Json(json);
            if (error is not null)
            {
                return error;
            }
        }

        return json.Failed ? RequestErrors.Json(json) : handle is null ? RegisterBodyReader.Missing("b64") : null;
    }

    private static InferenceError? ReadEncoded(ref JsonCursor json, out byte[]? handle)
    {
        handle = null;
        if (json.Peek() != JsonKind.String)
        {
            return RequestErrors.Kind("b64", "a string", ref json);
        }

        if (!json.TryReadString(out var text))
        {
            return RequestErrors.Json(json);
        }

        if (text.Length > MaxEncoded)
        {
            return NoHandle($"{text.Length} characters");
        }

        Span<byte> bytes = stackalloc byte[text.Length];
        text.CopyTo(bytes);
        if (Base64.DecodeFromUtf8InPlace(bytes, out var written) != OperationStatus.Done)
        {
            return NoHandle("what is no base64");
        }

        handle = bytes[..written].ToArray();
        return handle.Length == HandleSize ? null : NoHandle($"{handle.Length} bytes");
    }

    private static InferenceError NoHandle(string actual) =>
        Invalid("raw_handle", $"'raw_handle' must be a valid base64 encoded cudaIpcMemHandle_t of {HandleSize} bytes, got {actual}", $"base64 of {HandleSize} bytes", actual);

    private static InferenceError Invalid(string field, string message, string expected, string actual) =>
        new(ErrorCode.InvalidArgument, message) { Subject = field, Expected = expected, Actual = actual };
}

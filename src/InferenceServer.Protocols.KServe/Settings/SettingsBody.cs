using System.Buffers;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Settings;

/// <summary>Reads the body of a change of settings: a JSON object whose members are settings.</summary>
internal static class SettingsBody
{
    /// <summary>The longest body, in bytes; settings are few and short.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>Reads the whole body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="read">Reads the value of one setting into what is collected; null is told as no value.</param>
    public static async ValueTask<InferenceError?> ReadAsync(HttpContext context, SettingReader read)
    {
        if (context.Request.ContentLength > MaxBytes)
        {
            return SettingErrors.BodyLimit(MaxBytes);
        }

        var (array, length) = await BodyReading.ReadAllAsync(context.Request.BodyReader, MaxBytes, context.RequestAborted);
        try
        {
            return length > MaxBytes ? SettingErrors.BodyLimit(MaxBytes)
                : length == 0 ? SettingErrors.EmptyBody()
                : Read(array.AsSpan(0, length), read);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    /// <summary>Reads a document. Of two equal members the first counts.</summary>
    public static InferenceError? Read(ReadOnlySpan<byte> text, SettingReader read)
    {
        var json = new JsonCursor(text);
        var first = true;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (!json.TryEnterObject())
        {
            return RequestErrors.Json(json);
        }

        while (json.TryNextMember(ref first, out var member))
        {
            var name = member.ToString();
            var error = seen.Add(name) ? read(name, ref json) : json.TrySkip() ? null : RequestErrors.Json(json);
            if (error is not null || json.Failed)
            {
                return error ?? RequestErrors.Json(json);
            }
        }

        return json.Failed || !json.TryEnd() ? RequestErrors.Json(json) : null;
    }
}

using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Settings;

/// <summary>Reads the body of a change of settings: a JSON object whose members are settings.</summary>
internal static class SettingsBody
{
    /// <summary>Reads a document. Of two equal members the first counts.</summary>
    /// <param name="text">The body.</param>
    /// <param name="read">Reads the value of one setting into what is collected; null is told as no value.</param>
    public static InferenceError? Read(ReadOnlySpan<byte> text, SettingReader read)
    {
        if (text.IsEmpty)
        {
            return SettingErrors.EmptyBody();
        }

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

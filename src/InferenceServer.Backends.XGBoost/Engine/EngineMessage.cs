namespace InferenceServer.Backends.XGBoost.Engine;

/// <summary>Makes one sentence of the library's error: it begins with the time and the place in its sources, and ends with its stack.</summary>
internal static class EngineMessage
{
    public static string Read(string message)
    {
        var line = message.Split('\n').FirstOrDefault(static part => part.Trim().Length > 0)?.Trim() ?? "";
        var place = line.StartsWith('[') ? line.IndexOf("] ", StringComparison.Ordinal) : -1;
        var rest = place < 0 ? line : line[(place + 2)..];

        // The place: a path, and the number of a line.
        var colon = rest.IndexOf(": ", StringComparison.Ordinal);
        var sentence = place >= 0 && colon >= 0 && rest[..colon].Contains('/', StringComparison.Ordinal) ? rest[(colon + 2)..] : rest;
        return sentence.Length > 0 ? sentence : "XGBoost gives no reason";
    }
}

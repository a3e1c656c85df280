namespace InferenceServer.Core.Logging;

/// <summary>Cuts texts that may quote what a client sent.</summary>
public static class ClippedText
{
    /// <summary>The text itself, or its first characters and an ellipsis.</summary>
    public static string Of(string text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }

        // Half of a surrogate pair is no text.
        var length = char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest;
        return string.Concat(text.AsSpan(0, length), "…");
    }
}

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>A real HTTP answer, to be given again and again.</summary>
internal sealed record RecordedHttpAnswer(IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    /// <summary>The value of a header, null when it is absent.</summary>
    public string? Header(string name) =>
        Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).FirstOrDefault();
}

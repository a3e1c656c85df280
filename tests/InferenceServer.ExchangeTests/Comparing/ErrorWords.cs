using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Comparing;

/// <summary>Words that an error's text must have: names, numbers and shapes, in any case. A list among them holds words of which one is enough.</summary>
internal static class ErrorWords
{
    /// <summary>Adds the words that are missing.</summary>
    public static void Compare(string where, object? words, string text, List<Difference> found)
    {
        var missing = (words as List<object?> ?? []).Where(word => !Alternatives(word).Any(one => text.Contains(one, StringComparison.OrdinalIgnoreCase))).ToList();
        if (missing.Count > 0)
        {
            found.Add(new Difference(where, JsonText.Write(missing), text));
        }
    }

    private static IEnumerable<string> Alternatives(object? word) => word is List<object?> list ? list.Cast<string>() : [(string)word!];
}

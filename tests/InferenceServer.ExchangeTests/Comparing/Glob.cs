using System.Text.RegularExpressions;

namespace InferenceServer.ExchangeTests.Comparing;

/// <summary>Patterns over paths: * for any text, slashes too, and ? for one character.</summary>
internal static class Glob
{
    public static bool IsMatch(string text, string pattern) => Regex.IsMatch(
        text,
        @"\A" + Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal) + @"\z",
        RegexOptions.Singleline | RegexOptions.CultureInvariant);

    public static bool IsAny(string text, IEnumerable<string> patterns) => patterns.Any(pattern => IsMatch(text, pattern));
}

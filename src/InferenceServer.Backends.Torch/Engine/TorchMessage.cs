using System.Text.RegularExpressions;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.Torch.Engine;

/// <summary>A message of libtorch, without what a caller must not see or cannot use: stacks of C++, lines of code, paths, addresses.</summary>
internal static partial class TorchMessage
{
    private const int MaxLength = 1000;

    // Some repeat a model's code; no more than this is looked at, from the end, where the reason stands.
    private const int MaxRead = 16_384;

    /// <summary>What kind of failure it is.</summary>
    public static ErrorCode CodeOf(string message) =>
        message.Contains("can't allocate memory", StringComparison.Ordinal) || message.Contains("out of memory", StringComparison.Ordinal) ? ErrorCode.ResourceExhausted : ErrorCode.Internal;

    /// <summary>One line.</summary>
    public static string Read(string message)
    {
        var stack = message.IndexOf("\nException raised from", StringComparison.Ordinal);
        var text = stack < 0 ? message : message[..stack];
        if (text.Length > MaxRead)
        {
            text = text[^MaxRead..];
        }

        // What TorchScript's interpreter throws has the reason behind both tracebacks.
        var reason = Reason().Matches(text);
        if (reason.Count > 0)
        {
            text = text[reason[^1].Groups["text"].Index..];
        }

        text = CodePlace().Replace(text, "");
        text = AbsolutePath().Replace(text, static match => match.Groups["file"].Value);
        text = Address().Replace(text, "?");
        text = Space().Replace(text, " ").Trim();
        return text.Length <= MaxLength ? text : string.Concat(text.AsSpan(0, MaxLength), "…");
    }

    [GeneratedRegex(@"^(?:[\w.]*(?:Error|Exception)|RuntimeError): (?<text>)", RegexOptions.Multiline)]
    private static partial Regex Reason();

    // The lines that show code: a place, the lines of it, and the mark below.
    [GeneratedRegex(@"^\s*File ""[^""\n]*"", line \d+.*$|^.*~+ <--- HERE.*$|^Traceback of TorchScript.*$", RegexOptions.Multiline)]
    private static partial Regex CodePlace();

    [GeneratedRegex(@"(?<![\w.])(?:[A-Za-z]:)?(?:[\\/][\w.@+~-]+)+[\\/](?<file>[\w.@+~-]*)")]
    private static partial Regex AbsolutePath();

    [GeneratedRegex(@"\b0x[0-9a-fA-F]+\b")]
    private static partial Regex Address();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}

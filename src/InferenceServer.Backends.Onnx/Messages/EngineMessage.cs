using System.Text.RegularExpressions;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.Onnx.Messages;

/// <summary>A message of the engine, without what a caller must not see: paths, places in source code, addresses.</summary>
/// <param name="Code">What kind of failure it is.</param>
/// <param name="Text">One line.</param>
internal sealed partial record EngineMessage(ErrorCode Code, string Text)
{
    /// <summary>Longer messages list shapes or operators without end.</summary>
    private const int MaxLength = 1000;

    /// <summary>What is looked at: some messages repeat data of a request, and no request shall keep the expressions below busy.</summary>
    private const int MaxRead = 4000;

    /// <summary>Reads the message of an exception, which begins with the engine's own code in brackets.</summary>
    public static EngineMessage Read(string message, string? folder)
    {
        var text = Clean(LoadPrefix().Replace(Prefix().Replace(message, "", 1), "", 1), folder);
        if (message.Contains("Failed to allocate memory", StringComparison.Ordinal) || message.Contains("bad_alloc", StringComparison.Ordinal))
        {
            return new EngineMessage(ErrorCode.ResourceExhausted, text);
        }

        return new EngineMessage(
            message.StartsWith("[ErrorCode:InvalidArgument]", StringComparison.Ordinal) ? ErrorCode.InvalidArgument : ErrorCode.Internal,
            text);
    }

    /// <summary>Takes out what must not leave the server.</summary>
    /// <param name="message">The engine's words.</param>
    /// <param name="folder">The folder that the model's file lies in.</param>
    public static string Clean(string message, string? folder)
    {
        if (message.Length > MaxRead)
        {
            message = message[..MaxRead];
        }

        if (!string.IsNullOrEmpty(folder))
        {
            message = message.Replace(folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).Replace(folder, "the model's folder", StringComparison.Ordinal);
        }

        message = SourcePlace().Replace(message, "");

        // Names of nodes look like paths and help to find the fault; the engine quotes them after "Name:".
        message = NodeNameOrPath().Replace(message, static match => match.Groups["file"].Success ? match.Groups["file"].Value : match.Value);
        message = Address().Replace(message, "?");
        message = Space().Replace(message, " ").Trim();
        return message.Length <= MaxLength ? message : string.Concat(message.AsSpan(0, MaxLength), "…");
    }

    [GeneratedRegex(@"^\[ErrorCode:\w+\]\s*")]
    private static partial Regex Prefix();

    /// <summary>The caller says which file it was.</summary>
    [GeneratedRegex(@"^Load model from .{1,2000}? failed:\s*")]
    private static partial Regex LoadPrefix();

    /// <summary>A source file with a line, and the function that follows it.</summary>
    [GeneratedRegex(@"\S{1,300}\.(?:cc|cpp|cxx|h|hpp|cu|cuh):\d+\s+(?:[^\s(]+\s+)*?[\w:~<>*&,]+\([^()]*(?:\([^()]*\)[^()]*)*\)(?:\s*const)?(?:\s*\[[^\]]*\])?\s*|\S{1,300}\.(?:cc|cpp|cxx|h|hpp|cu|cuh):\d+\s*")]
    private static partial Regex SourcePlace();

    /// <summary>A quoted name of a node, or an absolute path with its last part as <c>file</c>.</summary>
    [GeneratedRegex(@"Name:\s*'[^']*'|(?<![\w.])(?:[A-Za-z]:)?(?:[\\/][\w.@+~-]+)+[\\/](?<file>[\w.@+~-]*)")]
    private static partial Regex NodeNameOrPath();

    [GeneratedRegex(@"\b0x[0-9a-fA-F]+\b")]
    private static partial Regex Address();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}

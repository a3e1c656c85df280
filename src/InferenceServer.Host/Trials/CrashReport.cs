using System.Globalization;

namespace InferenceServer.Host.Trials;

/// <summary>Says why a process has ended that should have given an answer.</summary>
internal static class CrashReport
{
    private const int MaxLength = 500;

    // What the C++ runtime writes before the words of an exception that nobody has caught.
    private const string What = "what():";

    // A shell's way to say that a signal has ended a process.
    private const int SignalBase = 128;

    /// <summary>One line.</summary>
    /// <param name="exitCode">Its exit code.</param>
    /// <param name="errors">What it wrote to its standard error.</param>
    public static string Read(int exitCode, string errors)
    {
        var how = exitCode > SignalBase ? string.Create(CultureInfo.InvariantCulture, $"signal {exitCode - SignalBase}") : string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}");
        var at = errors.IndexOf(What, StringComparison.Ordinal);
        var lines = (at < 0 ? errors : errors[(at + What.Length)..]).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .TakeWhile(static line => !line.StartsWith("File \"", StringComparison.Ordinal) && !line.StartsWith("frame #", StringComparison.Ordinal) && !line.StartsWith("at ", StringComparison.Ordinal))
            .Select(static line => line.TrimEnd(':', ' '))
            .Where(static line => line.Length > 0);
        var why = string.Join(' ', at < 0 ? lines.Take(2) : lines);
        why = why.Length <= MaxLength ? why : $"{why[..MaxLength]}…";
        return why.Length == 0 ? how : $"{how}: {why}";
    }
}

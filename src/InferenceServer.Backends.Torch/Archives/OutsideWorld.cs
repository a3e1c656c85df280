using System.Text.RegularExpressions;

namespace InferenceServer.Backends.Torch.Archives;

/// <summary>
/// Finds code that reaches beyond its arguments and weights: TorchScript has operators that read and write any file, and classes for networks and profiles. A model may come from a
/// client. Any member of such a name is meant, whatever it belongs to, since a name can be taken apart in many ways.
/// </summary>
internal static partial class OutsideWorld
{
    /// <summary>The first such name in a file of code; null when there is none.</summary>
    public static string? FindIn(string code) => Member().Match(code) is { Success: true } member ? member.Groups["name"].Value
        : ForeignClass().Match(code) is { Success: true } type ? $"torch.classes.{type.Groups["name"].Value}"
        : null;

    [GeneratedRegex(@"\.[\s\\]*(?<name>save|from_file)\b")]
    private static partial Regex Member();

    // Those that hold weights of a form of their own are fine.
    [GeneratedRegex(@"\bclasses[\s\\]*\.[\s\\]*(?!quantized\b|rnn\b|sparse\b|xnnpack\b)(?<name>\w+)")]
    private static partial Regex ForeignClass();
}

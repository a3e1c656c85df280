using System.Text.RegularExpressions;

namespace InferenceServer.Backends.Torch.Archives;

/// <summary>
/// Finds code that changes what a module keeps: a field that gets another value, or an operator that works in place (its name ends in an underscore) on a field or on a variable
/// that was read from one. Rather too much is found than too little. The counter of batch normalisation, which counts in training alone, is not meant.
/// </summary>
internal static partial class StateChange
{
    /// <summary>True when a file of code has such a line.</summary>
    public static bool IsIn(string code)
    {
        if (FieldAssignment().IsMatch(code) || ChangeOfField().IsMatch(code))
        {
            return true;
        }

        var read = FieldRead().Matches(code).Select(static match => match.Groups["variable"].Value).ToHashSet(StringComparer.Ordinal);
        return read.Count > 0 && ChangeOfVariable().Matches(code).Any(match => read.Contains(match.Groups["variable"].Value));
    }

    [GeneratedRegex(@"^ {4,}\w+\.(?!num_batches_tracked )\w+ = ", RegexOptions.Multiline)]
    private static partial Regex FieldAssignment();

    [GeneratedRegex(@"^ {4,}(?<variable>\w+) = \w+\.(?!num_batches_tracked$)\w+$", RegexOptions.Multiline)]
    private static partial Regex FieldRead();

    [GeneratedRegex(@"torch\.\w*[a-z0-9]_\(\(?\w+\)?\.(?!num_batches_tracked\b)\w+[,)]")]
    private static partial Regex ChangeOfField();

    [GeneratedRegex(@"torch\.\w*[a-z0-9]_\((?<variable>\w+)[,)]")]
    private static partial Regex ChangeOfVariable();
}

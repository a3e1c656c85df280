using System.Globalization;
using System.Text.RegularExpressions;

namespace InferenceServer.Core.Configuration;

/// <summary>
/// What Triton's message of a step has no fields for: parameters of the ensemble named <c>step[&lt;n&gt;].when</c>, <c>.each</c>, <c>.parallel</c> and <c>.max_items</c>. Other servers read the same
/// file and pass over them.
/// </summary>
internal static partial class StepParameters
{
    public const string When = "when";
    public const string Each = "each";
    public const string Parallel = "parallel";
    public const string MaxItems = "max_items";

    public const int DefaultParallel = 4;
    public const int MostParallel = 64;
    public const int DefaultMaxItems = 256;
    public const int MostItems = 65_536;

    /// <summary>What may follow <c>step[n].</c>.</summary>
    public static string[] Names { get; } = [When, Each, Parallel, MaxItems];

    /// <summary>Takes a key apart; false for one that is no step's.</summary>
    public static bool TrySplit(string key, out int step, out string name)
    {
        var match = Key().Match(key);
        name = match.Groups["name"].Value;
        step = -1;
        return match.Success && int.TryParse(match.Groups["step"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out step);
    }

    /// <summary>True for a key that can only have been meant for a step.</summary>
    public static bool IsMeant(string key) => key.StartsWith("step", StringComparison.Ordinal) && key.Contains('.', StringComparison.Ordinal);

    public static string KeyOf(int step, string name) => FormattableString.Invariant($"step[{step}].{name}");

    public static StepCondition? ConditionOf(global::Inference.ModelConfig message, int step) =>
        Find(message, step, When) is not { } text ? null
        : text.StartsWith('!') ? new StepCondition(text[1..].Trim(), IsNegated: true)
        : new StepCondition(text, IsNegated: false);

    public static StepFanOut? FanOutOf(global::Inference.ModelConfig message, int step) => Find(message, step, Each) is not { } text ? null : new StepFanOut(
        [.. text.Split(',', StringSplitOptions.TrimEntries)],
        TryReadNumber(Find(message, step, Parallel), MostParallel, out var parallel) ? parallel : DefaultParallel,
        TryReadNumber(Find(message, step, MaxItems), MostItems, out var items) ? items : DefaultMaxItems);

    /// <summary>Reads a number from 1 on.</summary>
    public static bool TryReadNumber(string? text, int most, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= most;

    private static string? Find(global::Inference.ModelConfig message, int step, string name) =>
        message.Parameters.TryGetValue(KeyOf(step, name), out var value) ? value.StringValue.Trim() : null;

    [GeneratedRegex(@"^step\[(?<step>0|[1-9][0-9]{0,5})\]\.(?<name>.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Key();
}

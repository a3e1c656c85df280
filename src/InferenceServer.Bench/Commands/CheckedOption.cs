using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.Commands;

/// <summary>Options that say what is wrong with a value before anything starts.</summary>
internal static class CheckedOption
{
    public static Option<int> Whole(string name, string description, int fallback, int lowest, int highest)
    {
        var option = new Option<int>(name) { Description = $"{description} [{lowest}..{highest}]", DefaultValueFactory = _ => fallback };
        option.CustomParser = result => result.Tokens is [var token] && int.TryParse(token.Value, out var value) && value >= lowest && value <= highest
            ? value
            : Refuse(result, $"{name} must be a whole number from {lowest} to {highest}", fallback);
        return option;
    }

    public static Option<double> Seconds(string name, string description, double fallback, double lowest, double highest) =>
        Number(name, $"{description}, in seconds", fallback, lowest, highest, "a number of seconds");

    public static Option<double> Number(string name, string description, double fallback, double lowest, double highest, string what = "a number")
    {
        var option = new Option<double>(name) { Description = FormattableString.Invariant($"{description} [{lowest}..{highest}]"), DefaultValueFactory = _ => fallback };
        option.CustomParser = result => result.Tokens is [var token] && TryNumber(token.Value, out var value) && value >= lowest && value <= highest
            ? value
            : Refuse(result, FormattableString.Invariant($"{name} must be {what} from {lowest} to {highest}"), fallback);
        return option;
    }

    public static Option<IReadOnlyList<int>> WholeList(string name, string description, IReadOnlyList<int> fallback, int lowest, int highest)
    {
        var option = new Option<IReadOnlyList<int>>(name) { Description = $"{description}, separated by commas", DefaultValueFactory = _ => fallback };
        option.CustomParser = result =>
        {
            var values = new List<int>();
            foreach (var part in result.Tokens is [var token] ? token.Value.Split(',') : [""])
            {
                if (!int.TryParse(part, out var value) || value < lowest || value > highest || values.Contains(value))
                {
                    return Refuse(result, $"{name} must be different whole numbers from {lowest} to {highest}, separated by commas", fallback);
                }

                values.Add(value);
            }

            return values;
        };
        return option;
    }

    /// <param name="name">The option.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="fallback">What is taken without it.</param>
    /// <param name="allowed">Which encodings may be given.</param>
    public static Option<IReadOnlyList<WireEncoding>> Encodings(string name, string description, IReadOnlyList<WireEncoding> fallback, IReadOnlyList<WireEncoding> allowed)
    {
        var option = new Option<IReadOnlyList<WireEncoding>>(name) { Description = description, DefaultValueFactory = _ => fallback };
        option.CustomParser = result =>
        {
            var values = new List<WireEncoding>();
            foreach (var part in result.Tokens is [var token] ? token.Value.Split(',') : [""])
            {
                if (WireEncodings.TryParse(part) is not { } value || !allowed.Contains(value) || values.Contains(value))
                {
                    var names = allowed.Select(static one => one.ToString().ToLowerInvariant()).ToList();
                    return Refuse(result, $"{name} must be different ones of {string.Join(", ", names[..^1])} and {names[^1]}, separated by commas", fallback);
                }

                values.Add(value);
            }

            return values;
        };
        return option;
    }

    public static bool TryNumber(string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    /// <summary>Says what is wrong, and what came.</summary>
    public static T Refuse<T>(ArgumentResult result, string message, T fallback)
    {
        var given = result.Tokens.Count > 0 ? result.Tokens[^1].Value : "nothing";
        result.AddError($"{message}; got '{given}'");
        return fallback;
    }
}

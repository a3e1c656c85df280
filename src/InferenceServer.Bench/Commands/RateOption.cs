using System.CommandLine;

namespace InferenceServer.Bench.Commands;

/// <summary>Rates of an open loop: some of them, or a range.</summary>
internal static class RateOption
{
    private const double Lowest = 0.01;
    private const double Highest = 10_000_000;
    private const int Most = 200;

    public static Option<IReadOnlyList<double>> Make(string name)
    {
        var option = new Option<IReadOnlyList<double>>(name)
        {
            Description = $"Open loop: requests due in a second, separated by commas, or start:end:step, from {Lowest} to {Highest:0}",
            DefaultValueFactory = static _ => [],
        };
        option.CustomParser = result => result.Tokens is [var token] && TryRead(token.Value) is { Count: > 0 } rates
            ? rates
            : CheckedOption.Refuse<IReadOnlyList<double>>(result, FormattableString.Invariant($"{name} must be different numbers from {Lowest} to {Highest}, separated by commas, or start:end:step, at most {Most}"), []);
        return option;
    }

    private static List<double>? TryRead(string text)
    {
        var parts = text.Split(':');
        if (parts.Length == 1)
        {
            return TryAll(text.Split(','));
        }

        if (parts.Length != 3 || TryAll(parts[..2]) is not [var start, var end] || !CheckedOption.TryNumber(parts[2], out var step) || step <= 0 || end < start || (end - start) / step >= Most)
        {
            return null;
        }

        // By multiplication: a sum of steps would miss the end by what each rounds.
        var count = (int)Math.Floor(((end - start) / step) + 1e-9) + 1;
        return [.. Enumerable.Range(0, count).Select(i => start + (i * step))];
    }

    private static List<double>? TryAll(string[] parts)
    {
        var rates = new List<double>();
        foreach (var part in parts)
        {
            if (!CheckedOption.TryNumber(part, out var rate) || rate < Lowest || rate > Highest || rates.Contains(rate) || rates.Count >= Most)
            {
                return null;
            }

            rates.Add(rate);
        }

        return rates;
    }
}

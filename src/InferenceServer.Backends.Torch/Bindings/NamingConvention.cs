using System.Globalization;
using System.Text.RegularExpressions;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.Torch.Bindings;

/// <summary>
/// Triton's ways to say which tensor of a configuration is which value of a method, tried in this order: the values' own names; places, as in <c>INPUT__0</c>; the order of the
/// configuration.
/// </summary>
internal static partial class NamingConvention
{
    /// <summary>Finds the place of each name among the values.</summary>
    /// <param name="kind">What a tensor is called in an error: input or output.</param>
    /// <param name="names">The configuration's names, in its order.</param>
    /// <param name="values">The values' own names; null for one that has none.</param>
    /// <param name="count">How many values there are; null when that is not known before the method has run.</param>
    /// <param name="method">The method's declaration.</param>
    /// <exception cref="BackendException">Two names mean the same value, or one means none.</exception>
    public static int[] Resolve(string kind, IReadOnlyList<string> names, IReadOnlyList<string?> values, int? count, string method)
    {
        if (names.All(name => values.Contains(name, StringComparer.Ordinal)))
        {
            return [.. names.Select(name => IndexOf(values, name))];
        }

        var places = names.Select(static name => PlaceSuffix().Match(name)).ToList();
        if (!places.TrueForAll(static match => match.Success))
        {
            return count is null || names.Count <= count
                ? [.. Enumerable.Range(0, names.Count)]
                : throw Wrong($"{names.Count} {kind}s are configured, and the model has {count}", method);
        }

        var found = places.Select(static match => int.Parse(match.Groups["place"].ValueSpan, CultureInfo.InvariantCulture)).ToArray();
        for (var i = 0; i < found.Length; i++)
        {
            if (found[i] >= count)
            {
                throw Wrong($"{kind} '{names[i]}' asks by its name for place {found[i]}, and the model has {count} {kind}{(count == 1 ? "" : "s")}, from place 0 on", method);
            }

            var first = Array.IndexOf(found, found[i]);
            if (first != i)
            {
                throw Wrong($"{kind}s '{names[first]}' and '{names[i]}' ask by their names for the same place", method);
            }
        }

        return found;
    }

    private static int IndexOf(IReadOnlyList<string?> values, string name) => Enumerable.Range(0, values.Count).First(i => values[i] == name);

    private static BackendException Wrong(string what, string method) => new(ErrorCode.InvalidArgument, $"{what}: {method}");

    [GeneratedRegex(@"__(?<place>[0-9]{1,4})$")]
    private static partial Regex PlaceSuffix();
}

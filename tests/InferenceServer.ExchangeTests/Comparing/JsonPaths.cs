using System.Globalization;
using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Comparing;

/// <summary>Finds places in a value.</summary>
internal static class JsonPaths
{
    /// <summary>The value at a path of names and indices; the text for what is absent when there is none.</summary>
    public static object? Pick(object? value, string path)
    {
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (value is List<object?> list && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Count)
            {
                value = list[index];
            }
            else if (value is JsonObject members && members.TryGet(part, out var member))
            {
                value = member;
            }
            else
            {
                return Difference.Absent;
            }
        }

        return value;
    }

    /// <summary>Puts the lists at a path into order: <c>/outputs</c> by name, <c>/models?name,version</c> by the members named. A * stands for every member.</summary>
    public static void Sort(object? value, string sort)
    {
        var mark = sort.IndexOf('?', StringComparison.Ordinal);
        var keys = mark < 0 ? ["name"] : sort[(mark + 1)..].Split(',');
        var parts = (mark < 0 ? sort : sort[..mark]).Split('/', StringSplitOptions.RemoveEmptyEntries);
        Sort(value, parts, keys);
    }

    private static void Sort(object? value, ReadOnlySpan<string> parts, string[] keys)
    {
        if (parts.IsEmpty)
        {
            if (value is List<object?> list)
            {
                // Stable, so that equal ones keep their order.
                object?[] sorted = [.. list.OrderBy(item => Key(item, keys), StringComparer.Ordinal)];
                list.Clear();
                list.AddRange(sorted);
            }
        }
        else if (parts[0] == "*")
        {
            foreach (var item in value switch { List<object?> list => list, JsonObject members => members.Select(static member => member.Value), _ => [] })
            {
                Sort(item, parts[1..], keys);
            }
        }
        else if (value is JsonObject members && members.TryGet(parts[0], out var member))
        {
            Sort(member, parts[1..], keys);
        }
    }

    private static string Key(object? item, string[] keys) =>
        JsonText.Write(item is JsonObject members ? keys.Select(key => members[key]).ToList() : item);
}

using System.Globalization;
using System.Text.Json;

namespace InferenceServer.Backends.XGBoost.Models;

/// <summary>Reads fields of a model's JSON, which holds its parameters as texts. What is wrong is said with the field's way from the root.</summary>
internal static class JsonFields
{
    /// <summary>The element at the end of a way, such as <c>learner.objective</c>.</summary>
    public static JsonElement At(JsonElement element, string where, params ReadOnlySpan<string> way)
    {
        foreach (var name in way)
        {
            where = where.Length == 0 ? name : $"{where}.{name}";
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                throw new ModelFault($"the field '{where}' is missing");
            }
        }

        return element;
    }

    public static string Text(JsonElement element, string where, string name)
    {
        var value = At(element, where, name);
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new ModelFault($"the field '{where}.{name}': expected a text");
    }

    /// <summary>A whole number that is written as a text.</summary>
    public static int Whole(JsonElement element, string where, string name, int min, int max, int? absent = null)
    {
        if (absent is { } value && !element.TryGetProperty(name, out _))
        {
            return value;
        }

        var text = Text(element, where, name);
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new ModelFault($"the field '{where}.{name}': expected a whole number from {min} to {max}, got '{Shorten(text)}'");
    }

    /// <summary>A list of so many elements.</summary>
    public static JsonElement List(JsonElement element, string where, string name, int count)
    {
        var list = At(element, where, name);
        return list.ValueKind == JsonValueKind.Array && list.GetArrayLength() == count
            ? list
            : throw new ModelFault($"the field '{where}.{name}': expected a list of {count}, got {(list.ValueKind == JsonValueKind.Array ? list.GetArrayLength().ToString(CultureInfo.InvariantCulture) : list.ValueKind.ToString())}");
    }

    /// <summary>A list of so many whole numbers.</summary>
    public static int[] Wholes(JsonElement element, string where, string name, int count, int min, int max)
    {
        var numbers = new int[count];
        var i = 0;
        foreach (var item in List(element, where, name, count).EnumerateArray())
        {
            numbers[i++] = item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) && number >= min && number <= max
                ? number
                : throw new ModelFault($"the field '{where}.{name}': expected whole numbers from {min} to {max}, got {Shorten(item.GetRawText())}");
        }

        return numbers;
    }

    /// <summary>Holds a list to so many numbers.</summary>
    public static void CheckNumbers(JsonElement element, string where, string name, int count)
    {
        foreach (var item in List(element, where, name, count).EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number)
            {
                throw new ModelFault($"the field '{where}.{name}': expected numbers, got {Shorten(item.GetRawText())}");
            }
        }
    }

    private static string Shorten(string text)
    {
        const int shown = 40;
        return string.Concat(text.Where(static symbol => !char.IsControl(symbol)).Take(shown));
    }
}

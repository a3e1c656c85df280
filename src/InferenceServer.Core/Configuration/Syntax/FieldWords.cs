using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>The words that both readers use for fields and what they expect.</summary>
internal static class FieldWords
{
    private const int LongestQuote = 40;

    /// <summary>The name of a message; for an entry of a map, the map's.</summary>
    public static string Name(MessageDescriptor message)
    {
        var map = message.ContainingType?.Fields.InDeclarationOrder().FirstOrDefault(field => field.IsMap && field.MessageType == message);
        return map is null ? message.Name : $"an entry of '{map.Name}'";
    }

    /// <summary>The field and the message it belongs to.</summary>
    public static string Name(FieldDescriptor field) => $"'{field.Name}' in {Name(field.ContainingType)}";

    /// <summary>What one value of the field must be.</summary>
    public static string Expected(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => "a string",
        FieldType.Bool => "true or false",
        FieldType.Enum => $"a value of {field.EnumType.Name}",
        FieldType.Float or FieldType.Double => "a number",
        FieldType.Message => $"a block of {(field.IsMap ? "key and value" : field.MessageType.Name)}",
        FieldType.Int32 => "an integer from -2147483648 to 2147483647",
        FieldType.UInt32 => "an integer from 0 to 4294967295",
        FieldType.UInt64 => "an integer from 0 to 18446744073709551615",
        _ => "an integer from -9223372036854775808 to 9223372036854775807",
    };

    /// <summary>The right form of one value.</summary>
    public static string ExampleValue(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String => "\"text\"",
        FieldType.Bool => "true",
        FieldType.Enum => field.EnumType.Values[^1].Name,
        FieldType.Float or FieldType.Double => "0.5",
        _ => "8",
    };

    /// <summary>A list of the names, when it is short enough to be read.</summary>
    public static string? OneOf(string intro, IEnumerable<string> names)
    {
        var list = names.ToList();
        return list.Count is > 0 and <= 16 ? $"{intro} {string.Join(", ", list)}" : null;
    }

    /// <summary>Outside text, cut to what a message can bear.</summary>
    public static string Quote(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "...";

    /// <summary>The value that a name in a file stands for: a near one, one that it is the end of, or what other tools call the type.</summary>
    public static string? SuggestEnum(EnumDescriptor type, string name)
    {
        var names = type.Values.Select(static value => value.Name).ToList();
        var upper = name.ToUpperInvariant();
        var suffix = upper.Replace("TYPE_", "", StringComparison.Ordinal) switch
        {
            "BYTES" => "_STRING",
            "HALF" or "FLOAT16" => "_FP16",
            "FLOAT" or "FLOAT32" => "_FP32",
            "DOUBLE" or "FLOAT64" => "_FP64",
            "BFLOAT16" => "_BF16",
            _ => "_" + upper,
        };
        var nearest = names.Find(known => known.EndsWith(suffix, StringComparison.Ordinal)) ?? DidYouMean.Nearest(name, names);
        return nearest is null ? OneOf("the values are", names) : $"did you mean '{nearest}'?";
    }

    /// <summary>The field that a name in a file stands for, or else a list of those that there are.</summary>
    public static string? SuggestField(MessageDescriptor message, string name)
    {
        var names = message.Fields.InDeclarationOrder().Select(static field => field.Name).ToList();
        return DidYouMean.Suggest(name, names) ?? OneOf("its fields are", names);
    }
}

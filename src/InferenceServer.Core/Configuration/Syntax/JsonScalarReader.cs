using System.Globalization;
using System.Text.Json;
using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Reads one scalar of JSON as its field's type wants it.</summary>
internal sealed class JsonScalarReader(JsonPlaces places, ProblemList problems)
{
    /// <summary>Takes the value at the reader. Null, after a report, when it is none of the field's type.</summary>
    public ValueNode? Read(ref Utf8JsonReader reader, FieldDescriptor field)
    {
        var position = places.Of(reader.TokenStartIndex);
        var isText = reader.TokenType == JsonTokenType.String;
        var text = isText || reader.TokenType == JsonTokenType.Number ? TextOf(ref reader) : "";
        if (isText && field.FieldType == FieldType.String)
        {
            return new ValueNode { Position = position, Text = text };
        }

        ulong? bits = reader.TokenType switch
        {
            JsonTokenType.True when field.FieldType == FieldType.Bool => 1,
            JsonTokenType.False when field.FieldType == FieldType.Bool => 0,
            JsonTokenType.String or JsonTokenType.Number => ReadNumber(field, text, isText),
            _ => null,
        };
        if (bits is { } known)
        {
            return new ValueNode { Position = position, Bits = known };
        }

        problems.Add(position, $"{FieldWords.Name(field)} must be {FieldWords.Expected(field)}, found {Describe(ref reader)}", Suggest(field, text, isText));
        reader.Skip();
        return null;
    }

    /// <summary>The key of a map entry, which JSON always writes as a property name.</summary>
    public ValueNode? ReadKey(ref Utf8JsonReader reader, FieldDescriptor field)
    {
        var position = places.Of(reader.TokenStartIndex);
        var text = TextOf(ref reader);
        if (field.FieldType == FieldType.String)
        {
            return new ValueNode { Position = position, Text = text };
        }

        if (ReadNumber(field, text, isText: true) is { } bits)
        {
            return new ValueNode { Position = position, Bits = bits };
        }

        problems.Add(position, $"{FieldWords.Name(field)} must be {FieldWords.Expected(field)}, found the string \"{FieldWords.Quote(text)}\"");
        return null;
    }

    /// <summary>The text of a string, name or number. Half a surrogate pair, which only escapes can give, becomes the replacement character.</summary>
    public static string TextOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            return System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
        }

        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }

    public static string Describe(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => $"the string \"{FieldWords.Quote(TextOf(ref reader))}\"",
        JsonTokenType.Number => $"the number {FieldWords.Quote(TextOf(ref reader))}",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => "null",
    };

    private static ulong? ReadNumber(FieldDescriptor field, string text, bool isText)
    {
        switch (field.FieldType)
        {
            case FieldType.Enum when isText:
                var value = field.EnumType.Values.FirstOrDefault(value => value.Name.Equals(text, StringComparison.OrdinalIgnoreCase));
                return value is null ? null : (ulong)value.Number;
            case FieldType.Enum:
                return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    && field.EnumType.FindValueByNumber(number) is not null
                        ? unchecked((ulong)number)
                        : null;
            case FieldType.Float or FieldType.Double:
                return ReadFloat(field, text);
            case FieldType.Bool or FieldType.String or FieldType.Message:
                return null;
            default:
                // 4.0 and 1e3 are integers too, as JSON has only one kind of number.
                return decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var exact)
                    && decimal.IsInteger(exact) && Math.Abs(exact) <= ulong.MaxValue
                    && IntegerRange.TryFit(field.FieldType, exact < 0, (ulong)Math.Abs(exact), out var bits)
                        ? bits
                        : null;
        }
    }

    private static ulong? ReadFloat(FieldDescriptor field, string text)
    {
        double value;
        switch (text)
        {
            case "NaN":
                value = double.NaN;
                break;
            case "Infinity":
                value = double.PositiveInfinity;
                break;
            case "-Infinity":
                value = double.NegativeInfinity;
                break;
            default:
                if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
                {
                    return null;
                }

                break;
        }

        return BitConverter.DoubleToUInt64Bits(field.FieldType == FieldType.Float ? (float)value : value);
    }

    private static string Suggest(FieldDescriptor field, string text, bool isText) => field.FieldType switch
    {
        FieldType.Enum when isText && FieldWords.SuggestEnum(field.EnumType, text) is { } suggestion => suggestion,
        FieldType.Bool when isText && text is "true" or "false" => $"leave out the quotes: \"{field.Name}\": {text}",
        FieldType.String when text.Length > 0 => $"put it in quotes: \"{field.Name}\": \"{FieldWords.Quote(text)}\"",
        FieldType.Enum => $"write for example \"{field.Name}\": \"{FieldWords.ExampleValue(field)}\"",
        _ => $"write for example \"{field.Name}\": {FieldWords.ExampleValue(field)}",
    };
}

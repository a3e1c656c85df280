using System.Globalization;
using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>Reads one scalar of text format as its field's type wants it.</summary>
internal sealed class TextScalarReader(TextTokenStream tokens, ProblemList problems)
{
    /// <summary>Takes the value that begins here. Null, after a report, when it is none of the field's type.</summary>
    public ValueNode? Read(FieldDescriptor field)
    {
        var first = tokens.Peek();
        if (field.FieldType == FieldType.String && first.Kind == TextTokenKind.String)
        {
            return ReadString(field);
        }

        var isNegative = tokens.TryTake(TextTokenKind.Minus);
        var token = tokens.Take();
        var text = tokens.TextOf(token);
        ulong? bits = (field.FieldType, token.Kind) switch
        {
            (FieldType.Bool, TextTokenKind.Identifier or TextTokenKind.Number) when !isNegative => ReadBool(text),
            (FieldType.Enum, TextTokenKind.Identifier) when !isNegative => (ulong?)(long?)field.EnumType.FindValueByName(text)?.Number,
            (FieldType.Enum, TextTokenKind.Number) => ReadEnumNumber(field, isNegative, text),
            (FieldType.Float or FieldType.Double, TextTokenKind.Identifier or TextTokenKind.Number) => ReadFloat(field, isNegative, text),
            (_, TextTokenKind.Number) when IntegerRange.IsInteger(field.FieldType) => ReadInteger(field, isNegative, text),
            _ => null,
        };
        if (bits is { } known)
        {
            return new ValueNode { Position = first.Position, Bits = known };
        }

        Report(field, first.Position, isNegative, token);
        return null;
    }

    private ValueNode? ReadString(FieldDescriptor field)
    {
        var position = tokens.Peek().Position;
        var bytes = new List<byte>();
        var isGood = true;
        while (tokens.Peek().Kind == TextTokenKind.String)
        {
            var token = tokens.Take();
            if (!StringLiteral.TryAppend(tokens.TextOf(token), bytes, out var errorAt))
            {
                var place = token.Position with { Column = token.Position.Column + 1 + errorAt };
                problems.Add(place, $"the escape that begins here, in {FieldWords.Name(field)}, has no meaning", "write a backslash itself as \\\\");
                isGood = false;
            }
        }

        if (isGood && StringLiteral.TryDecode(bytes, out var text))
        {
            return new ValueNode { Position = position, Text = text };
        }

        if (isGood)
        {
            problems.Add(position, $"the escapes in {FieldWords.Name(field)} do not give valid UTF-8");
        }

        return null;
    }

    private static ulong? ReadBool(string text) => text switch
    {
        "true" or "True" or "t" or "1" => 1,
        "false" or "False" or "f" or "0" => 0,
        _ => null,
    };

    private static ulong? ReadEnumNumber(FieldDescriptor field, bool isNegative, string text) =>
        TryInteger(text, out var magnitude) && IntegerRange.TryFit(FieldType.Int32, isNegative, magnitude, out var bits)
        && field.EnumType.FindValueByNumber((int)(long)bits) is not null
            ? bits
            : null;

    private static ulong? ReadInteger(FieldDescriptor field, bool isNegative, string text) =>
        TryInteger(text, out var magnitude) && IntegerRange.TryFit(field.FieldType, isNegative, magnitude, out var bits) ? bits : null;

    private static ulong? ReadFloat(FieldDescriptor field, bool isNegative, string text)
    {
        double value;
        if (text.Equals("nan", StringComparison.OrdinalIgnoreCase))
        {
            value = double.NaN;
        }
        else if (text.Equals("inf", StringComparison.OrdinalIgnoreCase) || text.Equals("infinity", StringComparison.OrdinalIgnoreCase))
        {
            value = double.PositiveInfinity;
        }
        else if (!char.IsAsciiDigit(text[0]) && text[0] != '.')
        {
            return null;
        }
        else if (!double.TryParse(text.AsSpan().TrimEnd("fF"), NumberStyles.Float, CultureInfo.InvariantCulture, out value))
        {
            return null;
        }

        value = isNegative ? -value : value;
        return BitConverter.DoubleToUInt64Bits(field.FieldType == FieldType.Float ? (float)value : value);
    }

    // Decimal, hexadecimal after 0x, octal after 0.
    private static bool TryInteger(string text, out ulong magnitude)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out magnitude);
        }

        if (text.Length == 1 || text[0] != '0')
        {
            return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out magnitude);
        }

        magnitude = 0;
        foreach (var digit in text)
        {
            if (digit is < '0' or > '7' || magnitude >> 61 != 0)
            {
                return false;
            }

            magnitude = (magnitude << 3) + (ulong)(digit - '0');
        }

        return true;
    }

    private void Report(FieldDescriptor field, ConfigPosition position, bool isNegative, in TextToken token)
    {
        var text = tokens.TextOf(token);
        var found = isNegative ? $"-{FieldWords.Quote(text)}" : tokens.Describe(token);
        var suggestion = (field.FieldType, token.Kind) switch
        {
            (FieldType.Enum, TextTokenKind.String) when field.EnumType.FindValueByName(text) is not null => $"leave out the quotes: {field.Name}: {text}",
            (FieldType.Enum, TextTokenKind.Number) => FieldWords.OneOf("the values are", field.EnumType.Values.Select(static value => value.Name)),
            (FieldType.Enum, _) => FieldWords.SuggestEnum(field.EnumType, text),
            (FieldType.String, TextTokenKind.Identifier or TextTokenKind.Number) when !isNegative => $"put it in quotes: {field.Name}: \"{FieldWords.Quote(text)}\"",
            (_, TextTokenKind.String) when TryInteger(text.Length == 0 ? "-" : text, out _) => $"leave out the quotes: {field.Name}: {FieldWords.Quote(text)}",
            _ => $"write for example {field.Name}: {FieldWords.ExampleValue(field)}",
        };
        problems.Add(position, $"{FieldWords.Name(field)} must be {FieldWords.Expected(field)}, found {found}", suggestion);
    }
}

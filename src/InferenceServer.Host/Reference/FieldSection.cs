using System.Collections.Immutable;
using InferenceServer.Core.Reference;

namespace InferenceServer.Host.Reference;

/// <summary>Every field of a model's configuration.</summary>
internal static class FieldSection
{
    public static void Write(MarkdownText text)
    {
        text.Heading(2, "A model's configuration");
        text.Paragraph("`config.pbtxt` in Triton's text format or `config.json`, both in the model's folder; no field must be given where the model tells by itself ([model configuration](model-configuration.md)). What a field does not say is completed.");
        text.Paragraph("The last column is empty where a field works. An *ignored* one is accepted with a warning, since no answer depends on it; a file with a *refused* one does not load.");
        foreach (var message in ModelConfigReference.Read())
        {
            text.Heading(3, $"`{message.Name}`");
            if (message.Help.Length > 0)
            {
                text.Paragraph(MarkdownText.Plain(message.Help));
            }

            if (message.Fields.IsEmpty)
            {
                text.Paragraph("It has no fields: `{ }`.");
                continue;
            }

            text.Table(["field", "type", "what it says", "here"], message.Fields.Select(Row));
        }
    }

    private static ImmutableArray<string> Row(FieldDescription field)
    {
        var type = field.Message is { } message ? $"[`{message}`](#{AnchorOf(message)})" : MarkdownText.Plain(field.Type);
        var whole = field.IsMap ? $"by key: {type}" : field.IsList ? $"list of {type}" : type;
        return
        [
            MarkdownText.Name(field.Name),
            field.Choice.Length == 0 ? whole : $"{whole}; not beside {MarkdownText.Plain(field.Choice)}",
            MarkdownText.Plain(field.Help),
            field.State == FieldState.Works ? "" : $"*{field.State.ToString().ToLowerInvariant()}*: {MarkdownText.Plain(field.Note)}",
        ];
    }

    /// <summary>The anchor that a heading of a message has: its letters alone, in lower case.</summary>
    private static string AnchorOf(string message) => message.Replace(".", "", StringComparison.Ordinal).ToLowerInvariant();
}

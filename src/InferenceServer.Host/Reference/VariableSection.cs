using System.Collections.Immutable;

namespace InferenceServer.Host.Reference;

/// <summary>The variables of the environment.</summary>
internal static class VariableSection
{
    public static void Write(MarkdownText text)
    {
        text.Heading(2, "Environment variables");
        text.Paragraph("Besides those of the [options](#options):");
        text.Table(["variable", "what it does"], VariableTable.Rows.Select(static one => ImmutableArray.Create(MarkdownText.Name(one.Name), MarkdownText.Plain(one.Help))));
    }
}

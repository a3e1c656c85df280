using System.Collections.Immutable;
using InferenceServer.Host.Options;

namespace InferenceServer.Host.Reference;

/// <summary>The options, and Triton's that are none.</summary>
internal static class OptionSection
{
    public static void Write(MarkdownText text)
    {
        text.Heading(2, "Options");
        text.Paragraph($"On the command line as `--<flag>=<value>` or `--<flag> <value>`; a flag of true or false alone means true. In `appsettings.json`, in the program's folder or in the working directory, under `{ServerOptionsReader.Section}` by the key (`\"HttpPort\": 8000`); in the environment with `{ServerOptionsReader.Section}__` in front (`{ServerOptionsReader.Section}__HttpPort=8000`, and `{ServerOptionsReader.Section}__LoadModel__0=a` for what may be given several times). The command line wins over the environment, that over the file. What is wrong or unknown is listed, and the process ends with code 1.");
        text.Paragraph("T marks the flags that Triton has too.");
        foreach (var group in OptionTable.Groups)
        {
            text.Heading(3, group.Title);
            text.Table(["flag", "key", "", "takes", "default", "what it does"], group.Options.Select(Row));
        }
    }

    public static void WriteForeign(MarkdownText text)
    {
        text.Heading(2, "Flags of Triton that are not here");
        text.Paragraph("They are refused by name, since a flag without effect would be taken for one that has it. No flag is accepted without effect.");
        text.Table(["flag", "why, or what does the same"], ForeignOptions.Reasons.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => ImmutableArray.Create($"`--{pair.Key}`", MarkdownText.Plain(pair.Value))));
    }

    private static ImmutableArray<string> Row(OptionDefinition option) =>
    [
        $"`--{option.Flag}`{(option.Alias is null ? "" : $", `--{option.Alias}`")}",
        $"`{option.Key}`",
        option.IsTritons ? "T" : "",
        MarkdownText.Plain(option.Takes),
        option.Default.Length == 0 ? "none" : MarkdownText.Plain(option.Default),
        MarkdownText.Plain(option.Help),
    ];
}

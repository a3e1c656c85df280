using System.Text;

namespace InferenceServer.Host.Options;

/// <summary>The text of <c>--help</c>, made from the tables of options and sub-commands.</summary>
internal static class HelpText
{
    public static string Make()
    {
        var commands = SubCommands.All.Where(static command => !command.IsOfServer).ToList();
        var text = new StringBuilder();
        text.AppendLine("inference-server: serves machine-learning models over KServe v2 HTTP and gRPC.");
        text.AppendLine();
        text.AppendLine("Usage: inference-server [--option=value ...]");
        foreach (var command in commands)
        {
            text.AppendLine($"       inference-server {command.Word} {command.Usage}".TrimEnd());
        }

        text.AppendLine();
        foreach (var command in commands)
        {
            text.AppendLine($"  {command.Word}");
            text.AppendLine($"      {command.Help}");
        }

        foreach (var group in OptionTable.Groups)
        {
            text.AppendLine();
            text.AppendLine($"{group.Title}:");
            foreach (var option in group.Options)
            {
                text.AppendLine($"  --{option.Flag}{(option.Default.Length == 0 ? "" : $" [{option.Default}]")}  ({option.Takes})");
                text.AppendLine($"      {option.Help}");
            }
        }

        text.AppendLine();
        text.AppendLine($"The same settings, by key, in appsettings.json under \"{ServerOptionsReader.Section}\" (\"HttpPort\": 8000)");
        text.AppendLine($"and in the environment ({ServerOptionsReader.Section}__HttpPort=8000). The command line wins over the environment, that over the file.");
        return text.ToString();
    }
}

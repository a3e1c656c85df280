using System.Text;

namespace InferenceServer.Host.Options;

/// <summary>The text of <c>--help</c>, made from the table of options.</summary>
internal static class HelpText
{
    public static string Make()
    {
        var text = new StringBuilder();
        text.AppendLine("inference-server: serves machine-learning models over KServe v2 HTTP and gRPC.");
        text.AppendLine();
        text.AppendLine("Usage: inference-server [--option=value ...]");
        text.AppendLine();
        foreach (var option in OptionTable.All)
        {
            text.AppendLine($"  --{option.Flag}{(option.Default.Length == 0 ? "" : $" [{option.Default}]")}");
            text.AppendLine($"      {option.Help}");
        }

        text.AppendLine();
        text.AppendLine($"The same settings, by key, in appsettings.json under \"{ServerOptionsReader.Section}\" (\"HttpPort\": 8000)");
        text.AppendLine($"and in the environment ({ServerOptionsReader.Section}__HttpPort=8000). The command line wins over the environment, that over the file.");
        return text.ToString();
    }
}

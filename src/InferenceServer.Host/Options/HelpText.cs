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
        text.AppendLine("       inference-server check [<repository> ...] [--option=value ...]");
        text.AppendLine("       inference-server probe [--option=value ...]");
        text.AppendLine("       inference-server new-key --id=<id> [--scopes=<scope>,...] [--models=<pattern>,...]");
        text.AppendLine("       inference-server hash-key");
        text.AppendLine();
        text.AppendLine("check reads every configuration, loads every model, warms it up and frees it again, and says what is wrong; it serves nothing.");
        text.AppendLine("Its exit code is 0 when all would serve, 1 when something would not.");
        text.AppendLine("probe asks the server that runs on this machine with the same options whether it is ready; its exit code is 0 when it is, 1 when not.");
        text.AppendLine("new-key prints an API key and its entry for --access-file; hash-key prints the hash of a key that it reads from standard input.");
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

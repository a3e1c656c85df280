using System.Globalization;
using System.Text;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Host.Startup;

/// <summary>The page that a person reads when the server has started: each model and the addresses.</summary>
internal static class StartupSummary
{
    private static readonly string[] s_header = ["MODEL", "VERSION", "BACKEND", "STATE", "LOAD", "BATCH", "INPUTS", "OUTPUTS"];

    public static string Make(IEnumerable<ModelStatus> statuses, IReadOnlyDictionary<string, string> addresses)
    {
        var text = new StringBuilder();
        var models = statuses.ToArray();
        text.AppendLine();
        AppendTable(text, [s_header, .. models.Select(Row)]);
        if (models.Length == 0)
        {
            text.AppendLine("  (the model repository is empty)");
        }

        foreach (var failed in models.Where(static status => status.State == ModelState.Failed))
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"  {failed.Name}: not served");
            foreach (var line in failed.Reason.Split('\n'))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    {line}");
            }
        }

        text.AppendLine();
        foreach (var (name, address) in addresses)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-8} {address}");
        }

        return text.ToString();
    }

    private static string[] Row(ModelStatus status)
    {
        var config = status.Served?.Config;
        return
        [
            status.Name,
            status.Version?.ToString(CultureInfo.InvariantCulture) ?? "-",
            status.Backend.Length == 0 ? "-" : status.Backend,
            status.State.ToString().ToUpperInvariant(),
            status.Version is null ? "-" : status.LoadDuration.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture) + " ms",
            config is null ? "-" : config.IsBatching ? "<= " + config.MaxBatchSize.ToString(CultureInfo.InvariantCulture) : "no",
            config is null ? "-" : Describe(config.Inputs),
            config is null ? "-" : Describe(config.Outputs),
        ];
    }

    private static string Describe(IEnumerable<ModelTensor> tensors) =>
        string.Join("  ", tensors.Select(static tensor => $"{tensor.Name} {tensor.DataType.ProtocolName()}{tensor.Shape}"));

    private static void AppendTable(StringBuilder text, IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable.Range(0, s_header.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            var line = string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])));
            text.Append("  ").AppendLine(line.TrimEnd());
        }
    }
}

using System.Text.Json;
using InferenceServer.FunctionalTests.Server;

namespace InferenceServer.ContainerTests.Prometheus;

/// <summary>The dashboard that Grafana is given.</summary>
internal static class Dashboard
{
    public static string Path { get; } = System.IO.Path.Combine(RepositoryRoot.Path, "deploy/grafana/dashboards/inference-server.json");

    /// <summary>Every query of it, by panel, with the variables as Grafana fills them when all is chosen.</summary>
    public static IEnumerable<(string Panel, string Query)> Queries()
    {
        foreach (var panel in JsonDocument.Parse(File.ReadAllText(Path)).RootElement.GetProperty("panels").EnumerateArray().Where(static panel => panel.TryGetProperty("targets", out _)))
        {
            foreach (var target in panel.GetProperty("targets").EnumerateArray())
            {
                var query = target.GetProperty("expr").GetString()!
                    .Replace("$job", ".*", StringComparison.Ordinal).Replace("$model", ".*", StringComparison.Ordinal).Replace("$__rate_interval", "30s", StringComparison.Ordinal);
                yield return (panel.GetProperty("title").GetString()!, query);
            }
        }
    }
}

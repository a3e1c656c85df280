using System.Globalization;
using InferenceServer.Bench;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.LoadGenerator.Growth;

/// <summary>Reads the counters of the server's process from its metrics when a measured time begins and when it ends.</summary>
/// <param name="client">Asks.</param>
/// <param name="metrics">Where.</param>
internal sealed class ProcessCounters(HttpClient client, Uri metrics) : IServerStatistics
{
    private readonly List<ProcessReading> _readings = [];

    public string? Problem => null;

    /// <summary>The last two.</summary>
    public (ProcessReading Before, ProcessReading After) Last => (_readings[^2], _readings[^1]);

    public async Task<ServerCounters?> ReadAsync(CancellationToken cancellation)
    {
        var text = await client.GetStringAsync(metrics, cancellation);
        _readings.Add(new ProcessReading(
            TimeProvider.System.GetTimestamp() / (double)TimeProvider.System.TimestampFrequency, Find(text, "process_cpu_seconds_total"), Find(text, "dotnet_lock_contention_total"), Find(text, "process_working_set_bytes")));
        return ServerCounters.None;
    }

    private double Find(string text, string name)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name) && line.Length > name.Length && line[name.Length] == ' ' && double.TryParse(line[(name.Length + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            {
                return value;
            }
        }

        throw new BenchException($"{metrics} has no {name}");
    }
}

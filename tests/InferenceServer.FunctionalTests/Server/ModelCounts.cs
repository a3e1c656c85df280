using System.Globalization;
using System.Text.Json;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Server;

/// <summary>What the metrics and the statistics tell of version 1 of a model.</summary>
/// <param name="Pending">Requests accepted and not yet executing.</param>
/// <param name="Cancelled">Requests that were accepted and given up.</param>
/// <param name="Executions">Times that the model was run to the end.</param>
/// <param name="Successes">Requests that ended with a response.</param>
internal sealed record ModelCounts(long Pending, long Cancelled, long Executions, long Successes)
{
    public static async Task<ModelCounts> ReadAsync(RunningServer server, string model)
    {
        var metrics = (await server.Http.GetStringAsync(server.MetricsAddress, TestContext.Current.CancellationToken)).Split('\n');
        using var document = JsonDocument.Parse(await server.Http.GetStringAsync($"/v2/models/{model}/stats", TestContext.Current.CancellationToken));
        var statistics = document.RootElement.GetProperty("model_stats")[0];
        return new ModelCounts(
            Value("nv_inference_pending_request_count", ""),
            Value("nv_inference_request_failure", ",reason=\"CANCELED\""),
            statistics.GetProperty("execution_count").GetInt64(),
            statistics.GetProperty("inference_stats").GetProperty("success").GetProperty("count").GetInt64());

        long Value(string family, string label)
        {
            var line = metrics.Single(line => line.StartsWith($"{family}{{model=\"{model}\",version=\"1\"{label}}} ", StringComparison.Ordinal));
            return long.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Waits for as long as it takes, within reason, until the counts are as wanted.</summary>
    public static async Task<ModelCounts> WaitForAsync(RunningServer server, string model, string what, Func<ModelCounts, bool> isThere)
    {
        var patience = DateTime.UtcNow + TestTimeouts.Phase;
        ModelCounts counts;
        while (!isThere(counts = await ReadAsync(server, model)))
        {
            Assert.True(DateTime.UtcNow < patience, $"waited in vain for {what}; last seen {counts}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        return counts;
    }
}

using System.Globalization;
using System.Text.Json;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Output;

/// <summary>One result as JSON.</summary>
internal static class ResultJson
{
    public static void Write(Utf8JsonWriter json, PointResult result, IReadOnlyList<double> percentiles)
    {
        json.WriteStartObject();
        json.WriteNumber("requests", result.Requests);
        json.WriteNumber("seconds", result.Seconds);
        json.WriteNumber("requests_per_second", result.RequestsPerSecond);
        json.WriteNumber("inferences_per_second", result.InferencesPerSecond);
        WriteLatency(json, "latency_ms", result.Latency, percentiles, isWhole: true);
        WriteErrors(json, "errors", result.ErrorKinds);
        WriteErrors(json, "warm_up_errors", result.WarmUpErrorKinds);
        json.WriteNumber("sent_bytes_per_second", result.SentBytesPerSecond);
        json.WriteNumber("received_bytes_per_second", result.ReceivedBytesPerSecond);
        json.WriteNumber("connections", result.Connections);
        json.WriteNumber("reconnects", result.Reconnects);
        json.WriteNumber("client_cpu_us_per_request", result.ClientCpuMicrosecondsPerRequest);
        json.WriteNumber("client_cpu_share", result.ClientCpuShare);
        json.WriteBoolean("client_busy", result.IsClientBusy);
        if (result.Lag is not null)
        {
            json.WriteNumber("late_requests", result.Late);
            json.WriteNumber("late_for_want_of_a_connection", result.Starved);
            json.WriteBoolean("distorted", result.IsDistorted);
            WriteLatency(json, "send_lag_ms", result.Lag, percentiles, isWhole: false);
        }

        if (result.FirstResponse is not null)
        {
            json.WriteNumber("responses_per_request", result.ResponsesPerRequest);
            WriteLatency(json, "first_response_ms", result.FirstResponse, percentiles, isWhole: false);
        }

        if (result.Gap is not null)
        {
            WriteLatency(json, "between_responses_ms", result.Gap, percentiles, isWhole: false);
        }

        WriteWindows(json, result);
        json.WriteBoolean("ended_early", result.IsCutShort);
        if (result.Server is not null)
        {
            WriteServer(json, result.Server);
        }

        json.WriteEndObject();
    }

    private static void WriteLatency(Utf8JsonWriter json, string name, LatencyFigures latency, IReadOnlyList<double> percentiles, bool isWhole)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", latency.Count);
        json.WriteNumber("mean", latency.Mean);
        foreach (var percentile in percentiles)
        {
            json.WriteNumber("p" + percentile.ToString(CultureInfo.InvariantCulture), latency.At(percentile));
        }

        json.WriteNumber("max", latency.Max);
        if (isWhole)
        {
            json.WriteStartArray("distribution");
            foreach (var (percentile, milliseconds) in latency.Distribution())
            {
                json.WriteStartArray();
                json.WriteNumberValue(percentile);
                json.WriteNumberValue(milliseconds);
                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteErrors(Utf8JsonWriter json, string name, IReadOnlyList<ErrorCount> errors)
    {
        json.WriteStartArray(name);
        foreach (var error in errors)
        {
            json.WriteStartObject();
            json.WriteString("kind", error.Kind);
            json.WriteNumber("count", error.Count);
            json.WriteString("first_message", error.FirstMessage);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteWindows(Utf8JsonWriter json, PointResult result)
    {
        if (result.IsStable is { } isStable)
        {
            json.WriteBoolean("stable", isStable);
        }

        json.WriteStartArray("warm_up_windows");
        foreach (var window in result.Windows)
        {
            json.WriteStartObject();
            json.WriteNumber("requests_per_second", window.RequestsPerSecond);
            json.WriteNumber("percentile_ms", window.LatencyMs);
            json.WriteNumber("failed", window.Failed);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteServer(Utf8JsonWriter json, ServerFigures server)
    {
        json.WriteStartObject("server");
        json.WriteNumber("requests", server.Requests);
        json.WriteNumber("failed", server.Failed);
        json.WriteNumber("executions", server.Executions);
        json.WriteNumber("rows_per_execution", server.MeanBatch);
        json.WriteNumber("cache_hits", server.CacheHits);
        json.WriteNumber("request_mean_ms", server.Request);
        json.WriteNumber("queue_mean_ms", server.Queue);
        json.WriteNumber("compute_input_mean_ms", server.Input);
        json.WriteNumber("compute_infer_mean_ms", server.Infer);
        json.WriteNumber("compute_output_mean_ms", server.Output);
        json.WriteEndObject();
    }
}

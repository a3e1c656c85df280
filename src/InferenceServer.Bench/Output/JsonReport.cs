using System.Text.Json;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Runs;

namespace InferenceServer.Bench.Output;

/// <summary>Everything that was measured, as JSON. Names say their units; no header and no value of one is in it.</summary>
internal static class JsonReport
{
    public static byte[] Of(BenchResult result)
    {
        var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            WriteEnvironment(json, result.Environment);
            WritePlan(json, result.Plan);
            json.WriteStartArray("points");
            foreach (var point in result.Points)
            {
                WritePoint(json, result.Plan, point);
            }

            json.WriteEndArray();
            if (result.Plan.Sweep is not null)
            {
                json.WriteStartArray("sweeps");
                foreach (var sweep in result.Sweeps)
                {
                    json.WriteStartObject();
                    json.WriteString("encoding", Name(sweep.Encoding));
                    WriteStep(json, "knee", sweep.Knee);
                    WriteStep(json, "largest_within_target", sweep.Largest);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteStartArray("notes");
            foreach (var note in result.Notes)
            {
                json.WriteStringValue(note);
            }

            json.WriteEndArray();
            json.WriteBoolean("ended_early", result.IsCutShort);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static string Name(WireEncoding encoding) => encoding.ToString().ToLowerInvariant();

    private static void WriteEnvironment(Utf8JsonWriter json, BenchEnvironment environment)
    {
        json.WriteStartObject("environment");
        json.WriteString("started_at", environment.StartedAt);
        json.WriteString("tool_version", environment.Tool);
        json.WriteNumber("client_processors", environment.Processors);
        json.WriteString("client_system", environment.System);
        json.WriteString("client_architecture", environment.Architecture);
        json.WriteString("client_runtime", environment.Runtime);
        json.WriteBoolean("client_server_gc", environment.IsServerCollector);
        json.WriteEndObject();
    }

    private static void WritePlan(Utf8JsonWriter json, BenchPlan plan)
    {
        json.WriteStartObject("plan");
        json.WriteString("model", plan.Model);
        json.WriteString("model_version", plan.Version);
        json.WriteStartArray("servers");
        foreach (var server in plan.Servers)
        {
            json.WriteStartObject();
            json.WriteString("http", server.Http.ToString());
            json.WriteString("grpc", server.Grpc.ToString());
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("loop", plan.Loads[0].Rate is null ? "closed" : plan.Loads[0].IsPoisson ? "open, poisson" : "open, constant");
        json.WriteNumber("rounds", plan.Rounds);
        json.WriteNumber("measure_seconds", plan.Measure.TotalSeconds);
        json.WriteNumber("window_seconds", plan.WarmUp.Window.TotalSeconds);
        json.WriteNumber("max_windows", plan.WarmUp.MaxWindows);
        json.WriteNumber("stability_percent", plan.WarmUp.Tolerance * 100);
        json.WriteNumber("percentile", plan.Percentile);
        json.WriteNumber("timeout_seconds", plan.Settings.Timeout.TotalSeconds);
        json.WriteBoolean("checks_answers", plan.ChecksAnswers);
        json.WriteString("shared_memory", plan.SharedMemory is null ? "none" : "system");
        if (plan.SharedMemory?.OutputBytes is { } outputBytes)
        {
            json.WriteNumber("output_shared_memory_bytes", outputBytes);
        }

        json.WriteString("input_data", plan.InputData);
        json.WriteNumber("rows", plan.Inputs.Rows);
        json.WriteNumber("seed", plan.Inputs.Seed + 1);
        if (plan.Sweep?.TargetMs is { } target)
        {
            json.WriteNumber("latency_target_ms", target);
        }

        json.WriteEndObject();
    }

    private static void WritePoint(Utf8JsonWriter json, BenchPlan plan, BenchPoint point)
    {
        json.WriteStartObject();
        json.WriteString("encoding", Name(point.Encoding));
        if (point.Load.Rate is { } rate)
        {
            json.WriteNumber("rate_per_second", rate);
            json.WriteNumber("max_connections", point.Load.MaxConnections);
        }
        else
        {
            json.WriteNumber("connections", point.Load.Connections);
        }

        json.WriteNumber("in_flight", point.Load.InFlight);
        WriteRatio(json, "throughput_ratio", point.Ratio(static one => one.RequestsPerSecond));
        WriteRatio(json, "p50_ratio", point.Ratio(static one => one.P50));
        WriteRatio(json, "percentile_ratio", point.Ratio(one => one.Latency.At(plan.Percentile)));
        json.WriteStartArray("rounds");
        foreach (var round in point.Rounds)
        {
            json.WriteStartArray();
            foreach (var result in round)
            {
                ResultJson.Write(json, result, plan.Percentiles);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRatio(Utf8JsonWriter json, string name, Comparing.Spread? ratio)
    {
        if (ratio is not null)
        {
            json.WriteStartObject(name);
            json.WriteNumber("median", ratio.Median);
            json.WriteNumber("lowest", ratio.Lowest);
            json.WriteNumber("highest", ratio.Highest);
            json.WriteEndObject();
        }
    }

    private static void WriteStep(Utf8JsonWriter json, string name, SweepStep? step)
    {
        if (step is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("load", step.Amount);
        json.WriteNumber("requests_per_second", step.Throughput);
        json.WriteNumber("mean_ms", step.MeanMs);
        json.WriteNumber("percentile_ms", step.PercentileMs);
        json.WriteEndObject();
    }
}

using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Statistics;

/// <summary>Writes statistics as JSON. Durations are in nanoseconds, times in milliseconds since 1970 UTC.</summary>
internal static class StatisticsJsonWriter
{
    /// <param name="output">Where to.</param>
    /// <param name="reports">What.</param>
    /// <param name="hasDetails">True to write what Triton's statistics do not have, too.</param>
    public static void Write(IBufferWriter<byte> output, ImmutableArray<ModelStatisticsReport> reports, bool hasDetails = false)
    {
        output.Write("{\"model_stats\":["u8);
        for (var i = 0; i < reports.Length; i++)
        {
            output.Write(i == 0 ? default : ","u8);
            Write(output, reports[i], hasDetails);
        }

        output.Write("]}"u8);
    }

    private static void Write(IBufferWriter<byte> output, ModelStatisticsReport report, bool hasDetails)
    {
        output.Write("{\"name\":"u8);
        JsonStringWriter.Write(output, report.Name);
        output.Write(",\"version\":\""u8);
        WriteNumber(output, report.Version);
        output.Write("\",\"last_inference\":"u8);
        WriteNumber(output, report.LastInference);
        output.Write(",\"inference_count\":"u8);
        WriteNumber(output, report.InferenceCount);
        output.Write(",\"execution_count\":"u8);
        WriteNumber(output, report.ExecutionCount);
        output.Write(",\"inference_stats\":{"u8);
        WriteDuration(output, "\"success\":"u8, report.Success);
        WriteDuration(output, ",\"fail\":"u8, report.Fail);
        WriteDuration(output, ",\"queue\":"u8, report.Queue);
        WriteDuration(output, ",\"compute_input\":"u8, report.ComputeInput);
        WriteDuration(output, ",\"compute_infer\":"u8, report.ComputeInfer);
        WriteDuration(output, ",\"compute_output\":"u8, report.ComputeOutput);
        WriteDuration(output, ",\"cache_hit\":"u8, report.CacheHit);
        WriteDuration(output, ",\"cache_miss\":"u8, report.CacheMiss);
        output.Write("},\"response_stats\":{"u8);
        WriteResponses(output, report.Responses);
        output.Write("},\"batch_stats\":["u8);
        WriteBatches(output, report.Batches);
        output.Write("],\"memory_usage\":["u8);
        WriteMemory(output, report.Memory);
        output.Write("]"u8);
        if (hasDetails)
        {
            WriteReleases(output, report.Releases);
        }

        output.Write("}"u8);
    }

    private static void WriteReleases(IBufferWriter<byte> output, ImmutableArray<KeyValuePair<ReleaseReason, long>> releases)
    {
        output.Write(",\"batch_releases\":{"u8);
        for (var i = 0; i < releases.Length; i++)
        {
            output.Write(i == 0 ? default : ","u8);
            JsonStringWriter.Write(output, ReleaseReasons.NameOf(releases[i].Key));
            output.Write(":"u8);
            WriteNumber(output, releases[i].Value);
        }

        output.Write("}"u8);
    }

    private static void WriteResponses(IBufferWriter<byte> output, ImmutableArray<ResponseReport> responses)
    {
        for (var i = 0; i < responses.Length; i++)
        {
            output.Write(i == 0 ? "\""u8 : ",\""u8);
            WriteNumber(output, i);
            output.Write("\":{"u8);
            WriteDuration(output, "\"compute_infer\":"u8, responses[i].ComputeInfer);
            WriteDuration(output, ",\"compute_output\":"u8, responses[i].ComputeOutput);
            WriteDuration(output, ",\"success\":"u8, responses[i].Success);
            WriteDuration(output, ",\"fail\":"u8, responses[i].Fail);
            WriteDuration(output, ",\"empty_response\":"u8, responses[i].EmptyResponse);
            WriteDuration(output, ",\"cancel\":"u8, responses[i].Cancel);
            output.Write("}"u8);
        }
    }

    private static void WriteBatches(IBufferWriter<byte> output, ImmutableArray<BatchSizeReport> batches)
    {
        for (var i = 0; i < batches.Length; i++)
        {
            output.Write(i == 0 ? "{\"batch_size\":"u8 : ",{\"batch_size\":"u8);
            WriteNumber(output, batches[i].BatchSize);
            WriteDuration(output, ",\"compute_input\":"u8, batches[i].ComputeInput);
            WriteDuration(output, ",\"compute_infer\":"u8, batches[i].ComputeInfer);
            WriteDuration(output, ",\"compute_output\":"u8, batches[i].ComputeOutput);
            output.Write("}"u8);
        }
    }

    private static void WriteMemory(IBufferWriter<byte> output, ImmutableArray<ModelMemory> memory)
    {
        for (var i = 0; i < memory.Length; i++)
        {
            output.Write(i == 0 ? "{\"type\":"u8 : ",{\"type\":"u8);
            JsonStringWriter.Write(output, MemoryKindNames.Of(memory[i].Kind));
            output.Write(",\"id\":"u8);
            WriteNumber(output, memory[i].DeviceId);
            output.Write(",\"byte_size\":"u8);
            WriteNumber(output, memory[i].Bytes);
            output.Write("}"u8);
        }
    }

    private static void WriteDuration(IBufferWriter<byte> output, ReadOnlySpan<byte> member, in CountedDuration duration)
    {
        output.Write(member);
        output.Write("{\"count\":"u8);
        WriteNumber(output, duration.Count);
        output.Write(",\"ns\":"u8);
        WriteNumber(output, duration.Nanoseconds);
        output.Write("}"u8);
    }

    private static void WriteNumber(IBufferWriter<byte> output, long value)
    {
        value.TryFormat(output.GetSpan(20), out var written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }
}

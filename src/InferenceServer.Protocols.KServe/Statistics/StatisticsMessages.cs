using System.Collections.Immutable;
using System.Globalization;
using Inference;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Protocols.KServe.Statistics;

/// <summary>Statistics as messages.</summary>
internal static class StatisticsMessages
{
    public static ModelStatisticsResponse Of(ImmutableArray<ModelStatisticsReport> reports, bool hasDetails) => new() { ModelStats = { reports.Select(report => Of(report, hasDetails)) } };

    private static global::Inference.ModelStatistics Of(ModelStatisticsReport report, bool hasDetails)
    {
        var message = new global::Inference.ModelStatistics
        {
            Name = report.Name,
            Version = report.Version.ToString(CultureInfo.InvariantCulture),
            LastInference = (ulong)report.LastInference,
            InferenceCount = (ulong)report.InferenceCount,
            ExecutionCount = (ulong)report.ExecutionCount,
            InferenceStats = new InferStatistics
            {
                Success = Of(report.Success),
                Fail = Of(report.Fail),
                Queue = Of(report.Queue),
                ComputeInput = Of(report.ComputeInput),
                ComputeInfer = Of(report.ComputeInfer),
                ComputeOutput = Of(report.ComputeOutput),
                CacheHit = Of(report.CacheHit),
                CacheMiss = Of(report.CacheMiss),
            },
            BatchStats = { report.Batches.Select(Of) },
            MemoryUsage = { report.Memory.Select(Of) },
        };
        for (var i = 0; i < report.Responses.Length; i++)
        {
            message.ResponseStats.Add(i.ToString(CultureInfo.InvariantCulture), Of(report.Responses[i]));
        }

        foreach (var (reason, count) in hasDetails ? report.Releases : [])
        {
            message.BatchReleases.Add(ReleaseReasons.NameOf(reason), (ulong)count);
        }

        return message;
    }

    private static InferBatchStatistics Of(BatchSizeReport batch) => new()
    {
        BatchSize = (ulong)batch.BatchSize,
        ComputeInput = Of(batch.ComputeInput),
        ComputeInfer = Of(batch.ComputeInfer),
        ComputeOutput = Of(batch.ComputeOutput),
    };

    private static InferResponseStatistics Of(ResponseReport response) => new()
    {
        ComputeInfer = Of(response.ComputeInfer),
        ComputeOutput = Of(response.ComputeOutput),
        Success = Of(response.Success),
        Fail = Of(response.Fail),
        EmptyResponse = Of(response.EmptyResponse),
        Cancel = Of(response.Cancel),
    };

    private static MemoryUsage Of(ModelMemory memory) => new() { Type = MemoryKindNames.Of(memory.Kind), Id = memory.DeviceId, ByteSize = (ulong)memory.Bytes };

    private static StatisticDuration Of(CountedDuration duration) => new() { Count = (ulong)duration.Count, Ns = (ulong)duration.Nanoseconds };
}

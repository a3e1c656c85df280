using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Protocols.KServe.Tests.Statistics;

/// <summary>Statistics in which every number is another one, so that none can stand for its neighbour.</summary>
internal static class Reports
{
    public static ModelStatisticsReport Full { get; } = new("echo \"1\"", 3)
    {
        LastInference = 1700000000123,
        InferenceCount = 2,
        ExecutionCount = 3,
        Success = Sum(4, 5),
        Fail = Sum(6, 7),
        Queue = Sum(8, 9),
        ComputeInput = Sum(10, 11),
        ComputeInfer = Sum(12, 13),
        ComputeOutput = Sum(14, 15),
        CacheHit = Sum(16, 17),
        CacheMiss = Sum(18, 19),
        Batches = [new BatchSizeReport(20, Sum(21, 22), Sum(23, 24), Sum(25, 26)), new BatchSizeReport(27, Sum(28, 29), Sum(30, 31), Sum(32, 33))],
        Responses = [new ResponseReport(Sum(34, 35), Sum(36, 37), Sum(38, 39), Sum(40, 41), Sum(42, 43), Sum(44, 45)), new ResponseReport(Sum(46, 47), default, default, default, default, default)],
        Memory = [new ModelMemory(MemoryKind.Cpu, 0, 48), new ModelMemory(MemoryKind.CpuPinned, 1, 49), new ModelMemory(MemoryKind.Gpu, 2, 50)],
    };

    private static CountedDuration Sum(long count, long ticks) => new(count, TimeSpan.FromTicks(ticks));
}

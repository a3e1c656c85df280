using System.Globalization;
using InferenceServer.FunctionalTests.Reliability;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>How the process stands when nothing is under way and nobody is connected but who asks.</summary>
/// <param name="Requests">How many attempts there have been.</param>
/// <param name="Resident">Its memory, in bytes.</param>
/// <param name="Heap">The managed heap after its last collection, in bytes.</param>
/// <param name="Threads">All threads.</param>
/// <param name="PoolThreads">Those of the thread pool.</param>
/// <param name="LaneThreads">Those that run models.</param>
/// <param name="Files">Open file descriptors.</param>
internal sealed record SoakVitals(long Requests, long Resident, double Heap, int Threads, int PoolThreads, int LaneThreads, int Files)
{
    /// <summary>The threads that come and go neither with load nor with models.</summary>
    public int OtherThreads => Threads - PoolThreads - LaneThreads;

    public static SoakVitals Read(int process, SoakMetrics metrics, long requests) => new(
        requests,
        Stress.ResidentBytes(process),
        metrics.Sum("dotnet_gc_heap_bytes"),
        Directory.GetDirectories($"/proc/{process}/task").Length,
        (int)metrics.Sum("dotnet_threadpool_threads"),
        (int)metrics.Sum("inference_server_lane_threads"),
        Directory.GetFiles($"/proc/{process}/fd").Length);

    /// <summary>The sockets that a process has open, those included on which it listens.</summary>
    public static int Sockets(int process) => Directory.GetFiles($"/proc/{process}/fd").Count(static file => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Requests,9} requests, resident {Resident / 1048576.0:F1} MiB, heap {Heap / 1048576.0:F1} MiB, {Threads} threads ({PoolThreads} of the pool, {LaneThreads} of lanes), {Files} files");
}

namespace InferenceServer.Host.Metrics;

/// <summary>Shows the runtime: its garbage collector, its threads and its locks; and the pools that the server does not have, for dashboards that ask for them.</summary>
internal sealed class RuntimeMetrics : IMetricsSource
{
    private static readonly string[] s_generations = ["0", "1", "2", "loh", "poh"];

    public IEnumerable<Action<MetricsText>> Sections() => [WriteCollector, WriteThreads, WritePinnedPool];

    private static void WriteCollector(MetricsText text)
    {
        var memory = GC.GetGCMemoryInfo();
        text.Single("dotnet_gc_pause_seconds_total", MetricType.Counter, "How long the garbage collector has held everything up since the start, in seconds.", GC.GetTotalPauseDuration().TotalSeconds);
        text.Single("dotnet_gc_allocated_bytes_total", MetricType.Counter, "Bytes that were allocated on the managed heap since the start.", GC.GetTotalAllocatedBytes());
        text.Single("dotnet_gc_committed_bytes", MetricType.Gauge, "Memory that the managed heap has taken from the system, as of its last collection, in bytes.", memory.TotalCommittedBytes);
        text.Single("dotnet_gc_available_bytes", MetricType.Gauge, "Memory that the garbage collector believes it may use: that of the machine, or of the container, in bytes.", memory.TotalAvailableMemoryBytes);
        WriteGenerations(text, memory, "dotnet_gc_heap_bytes", "The managed heap by generation, after the last collection, in bytes.", static generation => generation.SizeAfterBytes);
        WriteGenerations(text, memory, "dotnet_gc_fragmented_bytes", "What of it is free between what lives, in bytes.", static generation => generation.FragmentationAfterBytes);
    }

    private static void WriteGenerations(MetricsText text, GCMemoryInfo memory, string name, string help, Func<GCGenerationInfo, long> value)
    {
        text.Begin(name, MetricType.Gauge, help);
        for (var i = 0; i < Math.Min(memory.GenerationInfo.Length, s_generations.Length); i++)
        {
            text.Sample(name, MetricsText.Label("generation", s_generations[i]), value(memory.GenerationInfo[i]));
        }
    }

    private static void WriteThreads(MetricsText text)
    {
        text.Single("dotnet_threadpool_threads", MetricType.Gauge, "Threads of the thread pool, which reads requests and writes answers.", ThreadPool.ThreadCount);
        text.Single("dotnet_threadpool_queue_length", MetricType.Gauge, "What waits for a thread of the thread pool.", ThreadPool.PendingWorkItemCount);
        text.Single("dotnet_threadpool_completed_total", MetricType.Counter, "What the thread pool has done since the start.", ThreadPool.CompletedWorkItemCount);
        text.Single("dotnet_lock_contention_total", MetricType.Counter, "How often a thread had to wait for a lock since the start.", Monitor.LockContentionCount);
    }

    /// <summary>Memory that is pinned for devices is the engine's matter here: there is no pool of it, and nothing in it.</summary>
    private static void WritePinnedPool(MetricsText text)
    {
        text.Single("nv_pinned_memory_pool_total_bytes", MetricType.Gauge, "The pool of pinned memory: this server has none.", 0);
        text.Single("nv_pinned_memory_pool_used_bytes", MetricType.Gauge, "What is used of it.", 0);
    }
}

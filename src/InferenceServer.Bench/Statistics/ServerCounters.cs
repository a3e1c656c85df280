namespace InferenceServer.Bench.Statistics;

/// <summary>The counters of a model since its load, over all versions that answer. Times in nanoseconds.</summary>
internal sealed record ServerCounters(
    ulong Inferences,
    ulong Executions,
    DurationCounter Success,
    DurationCounter Fail,
    DurationCounter Queue,
    DurationCounter Input,
    DurationCounter Infer,
    DurationCounter Output,
    DurationCounter CacheHit)
{
    public static ServerCounters None { get; } = new(0, 0, default, default, default, default, default, default, default);

    public static ServerCounters operator +(ServerCounters a, ServerCounters b) => new(
        a.Inferences + b.Inferences,
        a.Executions + b.Executions,
        a.Success + b.Success,
        a.Fail + b.Fail,
        a.Queue + b.Queue,
        a.Input + b.Input,
        a.Infer + b.Infer,
        a.Output + b.Output,
        a.CacheHit + b.CacheHit);
}

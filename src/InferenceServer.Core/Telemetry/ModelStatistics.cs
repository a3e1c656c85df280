using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Telemetry;

/// <summary>
/// The counters of one version, from its load to its unload. Written by the lanes and the engine without a lock and without allocating;
/// read at any time, when counters that belong together may be one request apart.
/// </summary>
public sealed class ModelStatistics
{
    private readonly long[] _failures = new long[Enum.GetValues<FailureReason>().Length];
    private readonly long[] _releases = new long[Enum.GetValues<ReleaseReason>().Length];
    private long _successes;
    private long _inferences;
    private long _executions;
    private long _requestTicks;
    private long _queueTicks;
    private long _inputTicks;
    private long _inferTicks;
    private long _outputTicks;

    /// <summary>Requests that ended with a response.</summary>
    public long Successes => Interlocked.Read(ref _successes);

    /// <summary>Rows that were inferred; a request to a model that does not batch counts one.</summary>
    public long Inferences => Interlocked.Read(ref _inferences);

    /// <summary>Times that the model was run.</summary>
    public long Executions => Interlocked.Read(ref _executions);

    /// <summary>The time from acceptance to answer, summed over the requests that succeeded.</summary>
    public TimeSpan RequestDuration => new(Interlocked.Read(ref _requestTicks));

    /// <summary>The time in the queue, summed over the requests that succeeded.</summary>
    public TimeSpan QueueDuration => new(Interlocked.Read(ref _queueTicks));

    /// <summary>The time for putting inputs together; each request counts the whole time of its execution, as in the two below.</summary>
    public TimeSpan ComputeInputDuration => new(Interlocked.Read(ref _inputTicks));

    /// <summary>The time in the model.</summary>
    public TimeSpan ComputeInferDuration => new(Interlocked.Read(ref _inferTicks));

    /// <summary>The time for cutting outputs into answers.</summary>
    public TimeSpan ComputeOutputDuration => new(Interlocked.Read(ref _outputTicks));

    /// <summary>Requests that failed for the given reason.</summary>
    public long Failures(FailureReason reason) => Interlocked.Read(ref _failures[(int)reason]);

    /// <summary>Executions that were released for the given reason.</summary>
    public long Releases(ReleaseReason reason) => Interlocked.Read(ref _releases[(int)reason]);

    internal void RecordExecution(int requests, int rows, ReleaseReason reason, in ExecutionTimes times)
    {
        Interlocked.Increment(ref _executions);
        Interlocked.Add(ref _inferences, rows);
        Interlocked.Increment(ref _releases[(int)reason]);
        Interlocked.Add(ref _inputTicks, times.Input.Ticks * requests);
        Interlocked.Add(ref _inferTicks, times.Infer.Ticks * requests);
        Interlocked.Add(ref _outputTicks, times.Output.Ticks * requests);
    }

    internal void RecordSuccess(TimeSpan queued, TimeSpan total)
    {
        Interlocked.Increment(ref _successes);
        Interlocked.Add(ref _queueTicks, queued.Ticks);
        Interlocked.Add(ref _requestTicks, total.Ticks);
    }

    internal void RecordFailure(FailureReason reason) => Interlocked.Increment(ref _failures[(int)reason]);
}

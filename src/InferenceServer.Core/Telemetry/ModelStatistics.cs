using System.Collections.Immutable;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Telemetry;

/// <summary>
/// The counters of one version, from its load to its unload. Written by the lanes and the engine without a lock and without allocating;
/// read at any time, when counters that belong together may be one request apart.
/// </summary>
public sealed class ModelStatistics
{
    private readonly long[] _failures = new long[Enum.GetValues<FailureReason>().Length];
    private readonly long[] _refusals = new long[Enum.GetValues<RefusalReason>().Length];
    private readonly long[] _releases = new long[Enum.GetValues<ReleaseReason>().Length];
    private readonly BatchSizeTable _batches = new();
    private readonly ResponseTable? _responses;
    private readonly DurationCounter _cacheHits = new();
    private readonly DurationCounter _cacheMisses = new();
    private long _inFlight;
    private long _busyTicks;
    private long _lastInference;
    private long _successes;
    private long _requestTicks;
    private long _failureTicks;
    private long _queueTicks;
    private long _inputTicks;
    private long _inferTicks;
    private long _outputTicks;

    /// <summary>Counters at 0, and nothing beside them.</summary>
    public ModelStatistics()
    {
    }

    /// <summary>Counters at 0.</summary>
    /// <param name="reportsResponses">True to count each response of a request by its number.</param>
    internal ModelStatistics(bool reportsResponses) => _responses = reportsResponses ? new ResponseTable() : null;

    /// <summary>Requests that ended with a response.</summary>
    public long Successes => Interlocked.Read(ref _successes);

    /// <summary>Rows that were inferred; a request to a model that does not batch counts one.</summary>
    public long Inferences => _batches.Rows;

    /// <summary>Times that the model was run successfully.</summary>
    public long Executions => _batches.Executions;

    /// <summary>The time from acceptance to answer, summed over the requests that succeeded, as all that follow.</summary>
    public TimeSpan RequestDuration => new(Interlocked.Read(ref _requestTicks));

    /// <summary>The time in the queue.</summary>
    public TimeSpan QueueDuration => new(Interlocked.Read(ref _queueTicks));

    /// <summary>The time for putting inputs together; each request counts the whole time of its execution, as in the two below.</summary>
    public TimeSpan ComputeInputDuration => new(Interlocked.Read(ref _inputTicks));

    /// <summary>The time in the model.</summary>
    public TimeSpan ComputeInferDuration => new(Interlocked.Read(ref _inferTicks));

    /// <summary>The time for cutting outputs into answers.</summary>
    public TimeSpan ComputeOutputDuration => new(Interlocked.Read(ref _outputTicks));

    /// <summary>Requests that were answered from the response cache, or by another one like them, and the lookups of these.</summary>
    public CountedDuration CacheHits => _cacheHits.Current;

    /// <summary>Requests whose answers the response cache did not have, and the lookups and insertions of these.</summary>
    public CountedDuration CacheMisses => _cacheMisses.Current;

    /// <summary>The times from acceptance to the first response; null unless they are measured.</summary>
    public LatencyHistogram? FirstResponses { get; internal init; }

    /// <summary>How long requests and their parts took, by protocol; null unless that is measured.</summary>
    public RequestDurations? Durations { get; internal init; }

    /// <summary>Requests that have been accepted and not ended yet.</summary>
    public long InFlight => Interlocked.Read(ref _inFlight);

    /// <summary>How long lanes have run executions, good and failed ones, as far as these have ended.</summary>
    public TimeSpan BusyDuration => new(Interlocked.Read(ref _busyTicks));

    /// <summary>The quantiles of durations; null unless they are measured.</summary>
    public LatencySummaries? Summaries { get; internal init; }

    /// <summary>Requests that were accepted and failed for the given reason.</summary>
    public long Failures(FailureReason reason) => Interlocked.Read(ref _failures[(int)reason]);

    /// <summary>Requests that were turned away for the given reason before they were scheduled.</summary>
    public long Refusals(RefusalReason reason) => Interlocked.Read(ref _refusals[(int)reason]);

    /// <summary>How many executions there were, by their rows, ascending. Those of too many different sizes are not told apart, and left out.</summary>
    public IReadOnlyList<KeyValuePair<long, long>> ReadBatchSizes() => [.. _batches.MakeReport(out _, out _).Select(static size => KeyValuePair.Create((long)size.BatchSize, size.ComputeInfer.Count))];

    /// <summary>Executions that were released for the given reason, failed ones left out.</summary>
    public long Releases(ReleaseReason reason) => Interlocked.Read(ref _releases[(int)reason]);

    /// <summary>The counters of now.</summary>
    internal ModelStatisticsReport MakeReport(string name, long version)
    {
        var successes = Successes;
        var hits = CacheHits;
        var executed = Math.Max(0, successes - hits.Count);
        var batches = _batches.MakeReport(out var executions, out var rows);
        return new ModelStatisticsReport(name, version)
        {
            LastInference = Interlocked.Read(ref _lastInference),
            InferenceCount = rows,
            ExecutionCount = executions,
            Success = new CountedDuration(successes, RequestDuration),
            Fail = new CountedDuration(Enum.GetValues<FailureReason>().Sum(Failures), new TimeSpan(Interlocked.Read(ref _failureTicks))),
            Queue = new CountedDuration(successes, QueueDuration),
            ComputeInput = new CountedDuration(executed, ComputeInputDuration),
            ComputeInfer = new CountedDuration(executed, ComputeInferDuration),
            ComputeOutput = new CountedDuration(executed, ComputeOutputDuration),
            CacheHit = hits,
            CacheMiss = CacheMisses,
            Batches = batches,
            Releases = [.. Enum.GetValues<ReleaseReason>().Select(reason => KeyValuePair.Create(reason, Releases(reason)))],
            Responses = _responses?.MakeReport() ?? ImmutableArray<ResponseReport>.Empty,
        };
    }

    /// <summary>An execution has succeeded.</summary>
    internal void RecordExecution(int rows, ReleaseReason reason, in ExecutionTimes times, DateTimeOffset ended)
    {
        _batches.Record(rows, times);
        Interlocked.Increment(ref _releases[(int)reason]);
        Interlocked.Exchange(ref _lastInference, ended.ToUnixTimeMilliseconds());
    }

    /// <summary>A request to an ensemble has run: no batch was released for it, its steps have batches of their own.</summary>
    internal void RecordRun(int rows, in ExecutionTimes times, DateTimeOffset ended)
    {
        _batches.Record(rows, times);
        Interlocked.Exchange(ref _lastInference, ended.ToUnixTimeMilliseconds());
    }

    /// <summary>A request has succeeded. The first response is counted by <see cref="RecordFirstResponse"/>.</summary>
    /// <param name="queued">Its time in the queue.</param>
    /// <param name="total">Its time from acceptance to answer.</param>
    /// <param name="times">The times of the execution that it was part of.</param>
    /// <param name="protocol">How it came; null for one that no client has sent and nobody wants to see the time of.</param>
    internal void RecordSuccess(TimeSpan queued, TimeSpan total, in ExecutionTimes times, RequestProtocol? protocol)
    {
        if (protocol is { } way && Durations is { } durations)
        {
            durations.Of(way).ObserveExecution(queued, times);
        }

        Interlocked.Increment(ref _successes);
        Interlocked.Add(ref _queueTicks, queued.Ticks);
        Interlocked.Add(ref _requestTicks, total.Ticks);
        Interlocked.Add(ref _inputTicks, times.Input.Ticks);
        Interlocked.Add(ref _inferTicks, times.Infer.Ticks);
        Interlocked.Add(ref _outputTicks, times.Output.Ticks);
        if (Summaries is { } summaries)
        {
            summaries.Request?.Observe(total);
            summaries.Queue.Observe(queued);
            summaries.ComputeInput.Observe(times.Input);
            summaries.ComputeInfer.Observe(times.Infer);
            summaries.ComputeOutput.Observe(times.Output);
        }
    }

    /// <summary>A request was answered without being run.</summary>
    /// <param name="total">Its time from acceptance to answer.</param>
    /// <param name="lookup">How long it was looked for; what is left of the time it waited.</param>
    internal void RecordCacheHit(TimeSpan total, TimeSpan lookup)
    {
        var waited = total > lookup ? total - lookup : TimeSpan.Zero;

        // First the hit: whoever reads between the two must not find an execution too many.
        _cacheHits.Add(lookup);
        Interlocked.Increment(ref _successes);
        Interlocked.Add(ref _queueTicks, waited.Ticks);
        Interlocked.Add(ref _requestTicks, total.Ticks);
        RecordFirstResponse(total);
        if (Summaries is { } summaries)
        {
            summaries.Queue.Observe(waited);
            summaries.CacheHit?.Observe(lookup);
        }
    }

    /// <summary>The answer to a request that has been run was handed to the response cache.</summary>
    /// <param name="duration">How long it was looked for, and how long the insertion took.</param>
    internal void RecordCacheMiss(TimeSpan duration)
    {
        _cacheMisses.Add(duration);
        Summaries?.CacheMiss?.Observe(duration);
    }

    /// <summary>The first response to a request is there.</summary>
    internal void RecordFirstResponse(TimeSpan duration) => FirstResponses?.Observe(duration);

    /// <summary>A request that was accepted has failed.</summary>
    internal void RecordFailure(FailureReason reason, TimeSpan total)
    {
        Interlocked.Increment(ref _failures[(int)reason]);
        Interlocked.Add(ref _failureTicks, total.Ticks);
    }

    /// <summary>A request has been accepted.</summary>
    internal void Enter() => Interlocked.Increment(ref _inFlight);

    /// <summary>A request that had been accepted has ended.</summary>
    internal void Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>A lane has run an execution, whatever has come of it.</summary>
    internal void RecordBusy(TimeSpan duration) => Interlocked.Add(ref _busyTicks, duration.Ticks);

    /// <summary>A request was turned away.</summary>
    internal void RecordRefusal(RefusalReason reason) => Interlocked.Increment(ref _refusals[(int)reason]);

    /// <summary>The counters of the responses with a number; null when they are not counted.</summary>
    internal ResponseCounters? Responses(int number) => _responses?.Of(number);
}

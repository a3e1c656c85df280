using System.Threading.Tasks.Sources;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Sequences;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// A request on its way: from the queue, through a batch, to its outcome. The awaiting front end continues on the thread pool, never
/// on a lane's thread.
/// </summary>
internal sealed class PendingInference : IValueTaskSource<InferenceOutcome>
{
    // Lanes complete requests between two executions: a continuation that ran there would hold up the next batch.
    private ManualResetValueTaskSourceCore<InferenceOutcome> _source = new() { RunContinuationsAsynchronously = true };
    private readonly CancellationToken _clientGone;
    private CancellationTokenRegistration _cancellation;
    private ITimer? _deadline;
    private int _completed;

    // Where it counts among those in flight; null before it is accepted and after its end.
    private ModelStatistics? _counted;

    public PendingInference(InferenceRequest request, int rows, bool[]? requestedOutputs, int[]? outputOrder, CancellationToken clientGone)
    {
        Request = request;
        Rows = rows;
        RequestedOutputs = requestedOutputs;
        OutputOrder = outputOrder;
        _clientGone = clientGone;
        foreach (var input in request.Inputs)
        {
            Bytes += input.Length;
        }
    }

    public InferenceRequest Request { get; }

    /// <summary>The size of the batch dimension; 1 for a model that does not batch.</summary>
    public int Rows { get; }

    /// <summary>The bytes of all inputs.</summary>
    public long Bytes { get; }

    /// <summary>Which outputs of the signature are wanted; null for all.</summary>
    public bool[]? RequestedOutputs { get; }

    /// <summary>The wanted outputs as places in the signature, in the client's order; null for all in the model's order.</summary>
    public int[]? OutputOrder { get; }

    /// <summary>The variants of the model that the request chooses; null for none. Requests that choose differently do not share an execution.</summary>
    public string? Variant { get; init; }

    /// <summary>Where the responses go when there may be several; null when one outcome is awaited.</summary>
    public InferenceStream? Stream { get; init; }

    /// <summary>Who learns of the end before the front end does; null for nobody.</summary>
    public IPendingObserver? Observer { get; set; }

    /// <summary>When the request was accepted; 0 for not yet.</summary>
    public long EnqueuedTimestamp { get; set; }

    /// <summary>When the client stops waiting, as a timestamp; <see cref="long.MaxValue"/> for never.</summary>
    public long DeadlineTimestamp { get; set; } = long.MaxValue;

    /// <summary>How long the client would have the request wait in the queue; zero when it does not say.</summary>
    public TimeSpan RequestedTimeout { get; set; }

    /// <summary>True when the request was refused since it would have been too late when its turn came.</summary>
    public bool IsTooLate { get; set; }

    /// <summary>Why it was refused, where its scheduler knows better than its error tells.</summary>
    public RefusalReason? Refusal { get; set; }

    /// <summary>True when <see cref="QueueTimeoutTimestamp"/> is the client's own, not the model's.</summary>
    public bool HasOwnTimeout { get; set; }

    /// <summary>When the queue policy gives the request up if it still waits; <see cref="long.MaxValue"/> for never.</summary>
    public long QueueTimeoutTimestamp { get; set; } = long.MaxValue;

    /// <summary>True when the client wants to know how its request was scheduled.</summary>
    public bool IsExplained { get; set; }

    /// <summary>The priority that the request names, of which 1 is the highest; 0 for none.</summary>
    public ulong Priority { get; set; }

    /// <summary>What it is in its sequence; null for a request that is independent of others.</summary>
    public SequenceStep? Step { get; set; }

    /// <summary>The row that it has in every execution; null where rows follow one another.</summary>
    public int? Row => Step?.Sequence?.Row;

    /// <summary>What has the request answered in its turn; null when it is answered as soon as its outcome is there.</summary>
    public ResponseOrder? Order { get; set; }

    /// <summary>Its place there.</summary>
    public ResponseTurn? Turn { get; set; }

    /// <summary>True while the thread that brings it, and has nothing else to do, is at its scheduler.</summary>
    public bool IsBrought { get; set; }

    /// <summary>The neighbours in the queue; they and the next five change under the queue's lock only.</summary>
    public PendingInference? Next { get; set; }

    public PendingInference? Previous { get; set; }

    /// <summary>The list that the request waits in; null when it does not wait.</summary>
    public RequestList? List { get; set; }

    /// <summary>The place of its priority among those of the queue.</summary>
    public int Level { get; set; }

    /// <summary>True once the client has gone.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>The execution that the request is part of, from the moment it leaves the queue for a lane.</summary>
    public BatchMembership? Membership { get; set; }

    public ValueTask<InferenceOutcome> Task => new(this, _source.Version);

    /// <summary>
    /// Has <paramref name="callback"/> called with <paramref name="state"/> when the client goes, at once if it has gone, and when its deadline has passed; it may
    /// be called twice.
    /// </summary>
    public void WatchClient(Action<object?> callback, object state, TimeProvider time)
    {
        if (DeadlineTimestamp != long.MaxValue && !Request.IsDeadlineWatched)
        {
            // Timers take at most some weeks. Whose deadline is further off than that has none.
            var left = time.GetElapsedTime(time.GetTimestamp(), DeadlineTimestamp) + TimeSpan.FromMilliseconds(1);
            _deadline = left < TimeSpan.FromDays(40) ? time.CreateTimer(callback.Invoke, state, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan) : null;
        }

        if (_clientGone.CanBeCanceled)
        {
            _cancellation = _clientGone.UnsafeRegister(callback, state);
        }
    }

    /// <summary>The request was refused, or has ended: nobody is to be told of its client any more.</summary>
    public void UnwatchClient()
    {
        // Not Dispose: that would wait for a callback which may itself be waiting for the queue.
        _cancellation.Unregister();
        _deadline?.Dispose();
    }

    /// <summary>It is about to be accepted, or refused: until it ends, or <see cref="Leave"/> is called, it counts as being in flight.</summary>
    public void Enter(ModelStatistics statistics)
    {
        _counted = statistics;
        statistics.Enter();
    }

    /// <summary>The version is on its way out.</summary>
    public InferenceError RefuseStopping()
    {
        Refusal = RefusalReason.Stopping;
        return InferenceErrors.Stopping(Request);
    }

    /// <summary>It is in flight no more. Any call but the first has no effect.</summary>
    public void Leave() => Interlocked.Exchange(ref _counted, null)?.Leave();

    /// <summary>Ends the request. Only the first call has an effect; a later one returns false and leaves its outcome to the caller.</summary>
    public bool TryComplete(in InferenceOutcome outcome)
    {
        if (Interlocked.Exchange(ref _completed, 1) != 0)
        {
            return false;
        }

        Leave();
        Observer?.OnEnding(this, outcome);
        if (Order is null)
        {
            Deliver(outcome);
        }
        else
        {
            Order.Complete(this, outcome);
        }

        return true;
    }

    /// <summary>Gives the outcome to whoever waits for it.</summary>
    public void Deliver(in InferenceOutcome outcome)
    {
        UnwatchClient();
        EndTrace(outcome.IsSuccess);
        Request.Pass?.End(outcome);
        if (Stream is not null)
        {
            Stream.Finish(outcome);
        }
        else
        {
            _source.SetResult(outcome);
        }
    }

    /// <summary>Ends a request whose responses have all been sent, and releases what it holds.</summary>
    public void EndStream()
    {
        Request.Dispose();
        if (Interlocked.Exchange(ref _completed, 1) == 0)
        {
            Leave();
            Observer?.OnEnding(this, default);
            UnwatchClient();
            EndTrace(hasResponse: false);
            Request.Pass?.End(default);
            Stream!.Finish();
        }
    }

    /// <summary>Ends the request without a response and releases what it holds.</summary>
    public void Fail(InferenceError error)
    {
        Request.Dispose();
        TryComplete(InferenceOutcome.FailureOfAccepted(error));
    }

    /// <summary>Ends a request that nobody has accepted after all, and releases what it holds.</summary>
    public void Refuse(InferenceError error)
    {
        Request.Dispose();
        TryComplete(InferenceOutcome.Failure(error));
    }

    /// <summary>
    /// Why nobody waits for the answer any more. Timers may fire a little before the clock says so: it is the deadline, too, when there is one and the client has not gone.
    /// </summary>
    public InferenceError DescribeEnd(long now) => DeadlineTimestamp <= now || (DeadlineTimestamp != long.MaxValue && !_clientGone.IsCancellationRequested)
        ? InferenceErrors.DeadlineExceeded(Request)
        : InferenceErrors.Cancelled(Request);

    /// <summary>Before the front end learns of the end: it may be done with the trace at once.</summary>
    private void EndTrace(bool hasResponse)
    {
        if (Request.Trace is { } trace)
        {
            if (hasResponse)
            {
                trace.Record(TraceActivity.ResponseComplete);
            }

            trace.Record(TraceActivity.RequestEnd);
        }
    }

    InferenceOutcome IValueTaskSource<InferenceOutcome>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<InferenceOutcome>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<InferenceOutcome>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}

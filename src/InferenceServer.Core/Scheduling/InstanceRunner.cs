using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// One lane: an instance of the model and, while there is work, the thread that runs it. The thread takes a batch, executes it, hands
/// out the answers and takes the next; after an idle while it ends.
/// </summary>
internal sealed class InstanceRunner : IDisposable
{
    private readonly LaneScheduler _scheduler;
    private readonly IModelInstance _instance;
    private readonly LaneSetup _setup;
    private readonly List<PendingInference> _expired = [];
    private readonly long _idleTicks;
    private ITimer? _idleTimer;
    private ITimer? _delayTimer;
    private long _idleTimerDue = long.MaxValue;

    public InstanceRunner(LaneScheduler scheduler, IModelInstance instance, LaneSetup setup)
    {
        _scheduler = scheduler;
        _instance = instance;
        _setup = setup;
        _idleTicks = setup.Time.ToTicks(setup.IdleTimeout);
    }

    /// <summary>True while a thread belongs to the lane. This and the next change under the scheduler's lock only.</summary>
    public bool HasThread { get; set; }

    /// <summary>When the lane last ran out of work; <see cref="long.MaxValue"/> while it has some.</summary>
    public long IdleSince { get; set; } = long.MaxValue;

    public void StartThread() => new Thread(static state => ((InstanceRunner)state!).Run())
    {
        IsBackground = true,
        Name = _setup.ThreadName,
    }.UnsafeStart(this);

    /// <summary>
    /// Sees to it that the lane looks again when it has been idle for long enough; false when it has been already. The timer is set once
    /// an idle period and not once a request: a busy lane goes idle thousands of times a second.
    /// </summary>
    public bool ArmIdleTimer(long now)
    {
        var due = IdleSince + _idleTicks;
        if (now >= due)
        {
            return false;
        }

        if (_idleTimerDue == long.MaxValue)
        {
            _idleTimerDue = due;
            _idleTimer ??= _setup.Time.CreateTimer(
                static state => ((InstanceRunner)state!).WakeIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _idleTimer.Change(Until(due, now), Timeout.InfiniteTimeSpan);
        }

        return true;
    }

    /// <summary>Sees to it that the lane looks again shortly before the oldest request has waited for long enough.</summary>
    public void ArmDelayTimer(long due, long now)
    {
        _delayTimer ??= CreateTimer();
        _delayTimer.Change(Until(due, now) - TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    /// <summary>The idle timer has fired: the next idle lane sets it anew. Under the scheduler's lock.</summary>
    public void IdleTimerHasFired() => _idleTimerDue = long.MaxValue;

    public void Dispose()
    {
        _idleTimer?.Dispose();
        _delayTimer?.Dispose();
        _instance.Dispose();
    }

    /// <summary>
    /// Runs requests that come from no queue, on the caller's thread, before the lane has ever had a thread of its own. They are completed
    /// when this returns; those of a decoupled model must be one.
    /// </summary>
    public void Warm(PendingInference[] members)
    {
        if (_setup.IsDecoupled)
        {
            ExecuteDecoupled(members, ReleaseReason.Warmup);
        }
        else
        {
            Execute(members, ReleaseReason.Warmup);
        }
    }

    private void WakeIdle() => _scheduler.WakeIdle(this);

    /// <summary>An hour at most, since timers refuse weeks: whoever wakes early only looks again.</summary>
    private TimeSpan Until(long due, long now)
    {
        var left = _setup.Time.GetElapsedTime(now, due);
        return left < TimeSpan.FromHours(1) ? left : TimeSpan.FromHours(1);
    }

    private ITimer CreateTimer() =>
        _setup.Time.CreateTimer(static state => ((LaneScheduler)state!).Wake(), _scheduler, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private void Run()
    {
        while (_scheduler.TryTake(this, _expired, out var batch, out var reason))
        {
            if (batch is not null && _setup.IsDecoupled)
            {
                // Such requests are never put together.
                ExecuteDecoupled(batch, reason);
            }
            else if (batch is not null)
            {
                Execute(batch, reason);
            }

            foreach (var pending in _expired)
            {
                Expire(pending);
            }

            _expired.Clear();
        }
    }

    private void Expire(PendingInference pending)
    {
        var isDeadline = pending.DeadlineTimestamp <= _setup.Time.GetTimestamp();
        RecordFailure(pending, isDeadline ? FailureReason.Cancelled : FailureReason.Rejected);
        pending.Fail(isDeadline ? InferenceErrors.DeadlineExceeded(pending.Request) : InferenceErrors.QueueTimeout(pending.Request));
    }

    private void Execute(PendingInference[] members, ReleaseReason reason)
    {
        var time = _setup.Time;
        var started = time.GetTimestamp();
        ExecutionTrace.Record(members, TraceActivity.ComputeStart, started);
        LaneBatch? batch = null;
        try
        {
            batch = _setup.Assembler.Assemble(members, null);
            var assembled = time.GetTimestamp();
            ExecutionTrace.Record(members, TraceActivity.ComputeInputEnd, assembled);
            _instance.Execute(batch);
            var computed = time.GetTimestamp();
            var responses = _setup.Splitter.Split(batch, members);
            var ended = time.GetTimestamp();
            ExecutionTrace.End(members, responses, computed, ended);
            var times = new ExecutionTimes(time.GetElapsedTime(started, assembled), time.GetElapsedTime(assembled, computed), time.GetElapsedTime(computed, ended));
            _setup.Statistics.RecordExecution(batch.Rows, reason, times, time.GetUtcNow());
            Release(batch);
            Succeed(members, responses, times, started, ended, isWarmup: reason == ReleaseReason.Warmup);
        }
        catch (Exception exception)
        {
            // The lane's last line of defence: whatever a backend throws ends this batch only, and the lane goes on.
            Release(batch);
            Fail(members, exception);
        }
    }

    /// <summary>Runs one request whose responses leave while the model runs.</summary>
    private void ExecuteDecoupled(PendingInference[] members, ReleaseReason reason)
    {
        var time = _setup.Time;
        var started = time.GetTimestamp();
        var member = members[0];
        ExecutionTrace.Record(members, TraceActivity.ComputeStart, started);
        LaneBatch? batch = null;
        var sender = new DecoupledSender(member, _setup, started, isWarmup: reason == ReleaseReason.Warmup);
        try
        {
            batch = _setup.Assembler.Assemble(members, sender);
            var assembled = time.GetTimestamp();
            ExecutionTrace.Record(members, TraceActivity.ComputeInputEnd, assembled);
            _instance.Execute(batch);
            if (batch.HasOutputs && !sender.HasEnded)
            {
                batch.SendResponse(isFinal: true);
            }

            var ended = time.GetTimestamp();
            member.Request.Trace?.RecordFirst(TraceActivity.ComputeEnd);
            var times = new ExecutionTimes(time.GetElapsedTime(started, assembled), time.GetElapsedTime(assembled, ended), TimeSpan.Zero);
            _setup.Statistics.RecordExecution(batch.Rows, reason, times, time.GetUtcNow());
            Release(batch);
            if (member.IsAbandoned)
            {
                sender.Break(isCancelled: true);
                RecordFailure(member, FailureReason.Cancelled);
                member.Fail(InferenceErrors.Cancelled(member.Request));
                return;
            }

            sender.End();
            _setup.Statistics.RecordSuccess(time.GetElapsedTime(member.EnqueuedTimestamp, started), time.GetElapsedTime(member.EnqueuedTimestamp, ended), times);
            member.EndStream();
        }
        catch (Exception exception)
        {
            // As above: what a backend throws ends this request only.
            sender.Break(member.IsAbandoned);
            Release(batch);
            Fail(members, exception);
        }
    }

    /// <summary>Gives the batch's memory back; what an engine throws while it takes its own back must not cost anybody his answer.</summary>
    private void Release(LaneBatch? batch)
    {
        try
        {
            batch?.Dispose();
        }
        catch (Exception exception)
        {
            SchedulingLog.ReleaseFailed(_setup.Logger, exception, _setup.ModelName, _setup.Version);
        }
    }

    private void Succeed(PendingInference[] members, InferenceResponse[] responses, in ExecutionTimes times, long started, long ended, bool isWarmup)
    {
        for (var i = 0; i < members.Length; i++)
        {
            var member = members[i];
            member.Request.ReleaseInputs();
            if (member.IsAbandoned)
            {
                responses[i].Dispose();
                RecordFailure(member, FailureReason.Cancelled);
                member.Fail(InferenceErrors.Cancelled(member.Request));
                continue;
            }

            var total = _setup.Time.GetElapsedTime(member.EnqueuedTimestamp, ended);
            _setup.Statistics.RecordSuccess(_setup.Time.GetElapsedTime(member.EnqueuedTimestamp, started), total, times);
            if (!isWarmup)
            {
                // Whoever watches how long clients wait does not want to see the start.
                _setup.Statistics.RecordFirstResponse(total);
            }

            if (!member.TryComplete(InferenceOutcome.Success(responses[i])))
            {
                responses[i].Dispose();
            }
        }
    }

    private void Fail(PendingInference[] members, Exception exception)
    {
        var failure = exception as BackendException;
        if (failure is null)
        {
            SchedulingLog.LaneFailed(_setup.Logger, exception, _setup.ModelName, _setup.Version, ExecutionTrace.CallersOf(members));
        }

        foreach (var member in members)
        {
            var isGone = member.IsAbandoned;
            RecordFailure(member, isGone ? FailureReason.Cancelled : FailureReason.Backend);
            member.Fail(isGone ? InferenceErrors.Cancelled(member.Request) : InferenceErrors.Backend(member.Request, _setup.ModelName, failure));
        }
    }

    private void RecordFailure(PendingInference member, FailureReason reason) =>
        _setup.Statistics.RecordFailure(reason, _setup.Time.GetElapsedTime(member.EnqueuedTimestamp));
}

using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;
using Microsoft.Extensions.Logging.Abstractions;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// One lane: an instance of the model and, while there is work, the thread that runs it. The thread takes a batch, executes it, hands
/// out the answers and takes the next; after an idle while it ends.
/// </summary>
internal sealed class InstanceRunner : IDisposable
{
    private static int s_threads;

    private readonly LaneScheduler _scheduler;
    private readonly IModelInstance _instance;
    private readonly LaneSetup _setup;
    private readonly List<PendingInference> _expired = [];
    private readonly LaneArrays _arrays = new();
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

    /// <summary>The threads of all lanes of the process.</summary>
    public static int Threads => Volatile.Read(ref s_threads);

    /// <summary>Where the instance runs.</summary>
    public required InstancePlacement Placement { get; init; }

    /// <summary>What it needs to run.</summary>
    public LaneDemand Demand { get; init; } = LaneDemand.None;

    /// <summary>Its standing with the rate limiter; null when it runs whenever there is work.</summary>
    public LaneClaim? Claim { get; init; }

    /// <summary>True for one beside those that a configuration asks for, which has no thread: only callers run by it.</summary>
    public bool IsSide { get; init; }

    /// <summary>How far it is with what it runs. Under the scheduler's lock.</summary>
    public LaneProgress Progress { get; } = new();

    /// <summary>True for one that takes no further batch for now: its thread ends. This and the next six change under the scheduler's lock only.</summary>
    public bool IsParked { get; set; }

    /// <summary>True when what it has taken is to use its thread alone.</summary>
    public bool UsesOneThread { get; set; }

    /// <summary>True while a thread belongs to the lane.</summary>
    public bool HasThread { get; set; }

    /// <summary>True while a caller runs something by the lane on a thread of his own.</summary>
    public bool IsLent { get; set; }

    /// <summary>True while the thread of the lane waits for work.</summary>
    public bool IsThreadWaiting { get; set; }

    /// <summary>True when the lane takes no further batch: its thread frees it.</summary>
    public bool IsRetired { get; set; }

    /// <summary>When the lane last ran out of work; <see cref="long.MaxValue"/> while it has some.</summary>
    public long IdleSince { get; set; } = long.MaxValue;

    public void StartThread() => new Thread(static state => ((InstanceRunner)state!).Run())
    {
        IsBackground = true,
        Name = _setup.ThreadName,
    }.UnsafeStart(this);

    /// <summary>What an execution needed is not needed any more. Under the scheduler's lock, as the next.</summary>
    public void ReturnClaim()
    {
        if (Claim is { State: ClaimState.Running })
        {
            Claim.Return();
        }
    }

    /// <summary>The lane has nothing to run any more, and waits no longer.</summary>
    public void GiveUpClaim()
    {
        Claim?.Return();
        Progress.GiveUpClaim();
    }

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

    /// <summary>Frees a lane that is not wanted any more, outside of the unload. What an engine throws then must not cost a thread its life.</summary>
    public void Retire()
    {
        try
        {
            Dispose();
        }
        catch (Exception exception)
        {
            SchedulingLog.RetireFailed(_setup.Logger, exception, _setup.ModelName, _setup.Version);
        }
    }

    public void Dispose()
    {
        _idleTimer?.Dispose();
        _delayTimer?.Dispose();
        Claim?.Dispose();
        _instance.Dispose();
    }

    /// <summary>
    /// Runs requests that come from no queue, on the caller's thread, before the lane has ever had a thread of its own. They are completed
    /// when this returns; those of a decoupled model must be one.
    /// </summary>
    /// <param name="members">The requests.</param>
    /// <param name="isCounted">False to leave no trace of them but what their outcomes tell.</param>
    public void Warm(PendingInference[] members, bool isCounted)
    {
        var setup = isCounted ? _setup : _setup with { Statistics = new ModelStatistics(), Logger = NullLogger.Instance };

        // What an engine touches first is to be near the processors that use it.
        var own = Placement.Processors is null ? null : ThreadAffinity.Current();
        KeepToProcessors();
        try
        {
            if (setup.IsDecoupled)
            {
                ExecuteDecoupled(members, ReleaseReason.Warmup, setup);
            }
            else
            {
                Execute(members, ReleaseReason.Warmup, setup);
            }
        }
        finally
        {
            _ = own is null || ThreadAffinity.TryKeepTo(own);
        }
    }

    /// <summary>Runs a batch on the thread of a caller who has the lane.</summary>
    public void RunLent(PendingInference[] batch, ReleaseReason reason) => Execute(batch, reason, _setup);

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
        Interlocked.Increment(ref s_threads);
        KeepToProcessors();
        LaneTurn turn;
        while ((turn = _scheduler.Take(this, _expired, out var batch, out var reason)) == LaneTurn.Work)
        {
            if (batch is not null && _setup.IsDecoupled)
            {
                // Such requests are never put together.
                ExecuteDecoupled(batch, reason, _setup);
            }
            else if (batch is not null)
            {
                Execute(batch, reason, _setup);
            }

            foreach (var pending in _expired)
            {
                ExecutionEnd.Expire(pending, _setup);
            }

            _expired.Clear();
        }

        Interlocked.Decrement(ref s_threads);
        if (turn == LaneTurn.Leave)
        {
            Retire();
            _scheduler.EndRetirement();
        }
    }

    private void KeepToProcessors()
    {
        if (Placement.Processors is { } processors && !ThreadAffinity.TryKeepTo(processors))
        {
            SchedulingLog.NotKept(_setup.Logger, _setup.ModelName, Placement.Name, processors);
        }
    }

    private void Execute(PendingInference[] members, ReleaseReason reason, LaneSetup setup)
    {
        var time = setup.Time;
        var started = time.GetTimestamp();
        ExecutionTrace.Record(members, TraceActivity.ComputeStart, started);
        LaneBatch? batch = null;
        try
        {
            batch = setup.Assembler.Assemble(members, null, _arrays);
            batch.SetOneThread(UsesOneThread);
            var assembled = time.GetTimestamp();
            ExecutionTrace.Record(members, TraceActivity.ComputeInputEnd, assembled);
            _instance.Execute(batch);
            var computed = time.GetTimestamp();
            var responses = setup.Splitter.Split(batch, members, _arrays);
            var ended = time.GetTimestamp();
            ExecutionTrace.End(members, responses, computed, ended);
            var times = new ExecutionTimes(time.GetElapsedTime(started, assembled), time.GetElapsedTime(assembled, computed), time.GetElapsedTime(computed, ended));
            setup.Statistics.RecordExecution(batch.MemberRows, reason, times, time.GetUtcNow());
            Progress.End(batch.Rows, ended - started, ended);
            Release(batch, setup);
            if (ExecutionTrace.HasSpans(members))
            {
                ExecutionTrace.Link(members, new BatchDescription(setup.ModelName, setup.Version, batch.MemberRows, members.Length, ReleaseReasons.NameOf(reason), Placement.Name), started, ended);
            }

            if (Array.Exists(members, static member => member.IsExplained))
            {
                ExecutionEnd.Explain(members, responses, new ScheduleExplanation(Placement.Name, reason, batch.MemberRows, members.Length, TimeSpan.Zero) { Times = times }, started, setup);
            }

            ExecutionEnd.Succeed(members, responses, times, batch.MemberRows, started, ended, isWarmup: reason == ReleaseReason.Warmup, setup);
        }
        catch (Exception exception)
        {
            // The lane's last line of defence: whatever a backend throws ends this batch only, and the lane goes on.
            Release(batch, setup);
            ExecutionEnd.Fail(members, exception, setup);
        }
        finally
        {
            _arrays.ForgetResponses(members.Length);
        }

        setup.Statistics.RecordBusy(time.GetElapsedTime(started));
    }

    /// <summary>Runs one request whose responses leave while the model runs.</summary>
    private void ExecuteDecoupled(PendingInference[] members, ReleaseReason reason, LaneSetup setup)
    {
        var time = setup.Time;
        var started = time.GetTimestamp();
        var member = members[0];
        ExecutionTrace.Record(members, TraceActivity.ComputeStart, started);
        LaneBatch? batch = null;
        var sender = member.Step?.Sender ?? new DecoupledSender(member, setup, started, isWarmup: reason == ReleaseReason.Warmup)
        {
            Explanation = member.IsExplained ? new ScheduleExplanation(Placement.Name, reason, member.Rows, 1, time.GetElapsedTime(member.EnqueuedTimestamp, started)) : null,
        };
        if (member.Step is { Continue: not null } step)
        {
            step.Sender = sender;
        }

        try
        {
            batch = setup.Assembler.Assemble(members, sender, _arrays);
            var assembled = time.GetTimestamp();
            ExecutionTrace.Record(members, TraceActivity.ComputeInputEnd, assembled);
            _instance.Execute(batch);
            var isRescheduled = batch.IsRescheduled(0) && !sender.HasEnded;
            if (batch.HasOutputs && !sender.HasEnded)
            {
                batch.SendResponse(isFinal: !isRescheduled);
            }

            setup.Splitter.KeepStates(batch, members);
            var ended = time.GetTimestamp();
            member.Request.Trace?.RecordFirst(TraceActivity.ComputeEnd);
            var times = new ExecutionTimes(time.GetElapsedTime(started, assembled), time.GetElapsedTime(assembled, ended), TimeSpan.Zero);
            setup.Statistics.RecordExecution(batch.MemberRows, reason, times, time.GetUtcNow());
            Release(batch, setup);
            if (member.IsAbandoned)
            {
                sender.Break(isCancelled: true);
                ExecutionEnd.Cancel(member, setup);
                return;
            }

            if (isRescheduled)
            {
                ExecutionEnd.GoOn(member, started);
                return;
            }

            sender.End();
            var queued = ExecutionEnd.TimeInQueue(member, started, setup);
            setup.Statistics.RecordSuccess(queued, time.GetElapsedTime(member.EnqueuedTimestamp, ended), times, reason == ReleaseReason.Warmup ? null : member.Request.Protocol);
            member.Request.Record?.SetExecution(queued, times, member.Rows);
            member.EndStream();
        }
        catch (Exception exception)
        {
            // As above: what a backend throws ends this request only.
            sender.Break(member.IsAbandoned);
            Release(batch, setup);
            ExecutionEnd.Fail(members, exception, setup);
        }
        finally
        {
            setup.Statistics.RecordBusy(time.GetElapsedTime(started));
        }
    }

    /// <summary>Gives the batch's memory back; what an engine throws while it takes its own back must not cost anybody his answer.</summary>
    private static void Release(LaneBatch? batch, LaneSetup setup)
    {
        try
        {
            batch?.Dispose();
        }
        catch (Exception exception)
        {
            SchedulingLog.ReleaseFailed(setup.Logger, exception, setup.ModelName, setup.Version);
        }
    }
}

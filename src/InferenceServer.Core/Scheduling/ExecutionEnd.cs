using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Scheduling;

/// <summary>How requests leave their lane: answered, failed, cancelled, or for another execution.</summary>
internal static class ExecutionEnd
{
    /// <summary>Answers what has waited for too long.</summary>
    public static void Expire(PendingInference pending, LaneSetup setup)
    {
        var isDeadline = pending.DeadlineTimestamp <= setup.Time.GetTimestamp();
        RecordFailure(pending, isDeadline ? FailureReason.Cancelled : FailureReason.Rejected, setup);
        pending.Fail(isDeadline ? InferenceErrors.DeadlineExceeded(pending.Request) : InferenceErrors.QueueTimeout(pending.Request) with { IsCallersLimit = pending.HasOwnTimeout });
    }

    /// <summary>Tells those who want to know how they were scheduled.</summary>
    public static void Explain(PendingInference[] members, InferenceResponse?[] responses, ScheduleExplanation explanation, long started, LaneSetup setup)
    {
        for (var i = 0; i < members.Length; i++)
        {
            if (members[i].IsExplained)
            {
                responses[i]?.Add((explanation with { Queued = TimeInQueue(members[i], started, setup) }).ToParameters());
            }
        }
    }

    /// <summary>How long a request waited for its first execution.</summary>
    public static TimeSpan TimeInQueue(PendingInference member, long started, LaneSetup setup) =>
        setup.Time.GetElapsedTime(member.EnqueuedTimestamp, member.Step?.FirstStarted ?? started);

    public static void Succeed(PendingInference[] members, InferenceResponse?[] responses, in ExecutionTimes times, int batchRows, long started, long ended, bool isWarmup, LaneSetup setup)
    {
        for (var i = 0; i < members.Length; i++)
        {
            var member = members[i];
            if (member.IsAbandoned)
            {
                responses[i]?.Dispose();
                Cancel(member, setup);
                continue;
            }

            if (responses[i] is not { } response)
            {
                GoOn(member, started);
                continue;
            }

            member.Request.ReleaseInputs();
            var total = setup.Time.GetElapsedTime(member.EnqueuedTimestamp, ended);
            var queued = TimeInQueue(member, started, setup);
            setup.Statistics.RecordSuccess(queued, total, times, isWarmup ? null : member.Request.Protocol);
            if (member.Request.Record is { } record)
            {
                record.SetExecution(queued, times, batchRows);
                record.AddOutput(response.Bytes);
            }

            if (!isWarmup)
            {
                // Whoever watches how long clients wait does not want to see the start.
                setup.Statistics.RecordFirstResponse(total);
            }

            response.Times = times;
            if (!member.TryComplete(InferenceOutcome.Success(response)))
            {
                response.Dispose();
            }
        }
    }

    /// <summary>A request goes back into its queue for its next execution.</summary>
    public static void GoOn(PendingInference member, long started)
    {
        var step = member.Step!;
        step.FirstStarted ??= started;
        step.GoOn();

        // It limits the wait for the first execution.
        member.RequestedTimeout = TimeSpan.Zero;
        step.Continue!(member);
    }

    public static void Fail(PendingInference[] members, Exception exception, LaneSetup setup)
    {
        var failure = exception as BackendException;
        if (failure is null)
        {
            SchedulingLog.LaneFailed(setup.Logger, exception, setup.ModelName, setup.Version, ExecutionTrace.RequestsOf(members), ExecutionTrace.CallersOf(members));
        }

        foreach (var member in members)
        {
            if (member.IsAbandoned)
            {
                Cancel(member, setup);
                continue;
            }

            RecordFailure(member, FailureReason.Backend, setup);
            member.Fail(InferenceErrors.Backend(member.Request, setup.ModelName, failure));
        }
    }

    /// <summary>Nobody waits for the answer of a request any more.</summary>
    public static void Cancel(PendingInference member, LaneSetup setup)
    {
        RecordFailure(member, FailureReason.Cancelled, setup);
        member.Fail(member.DescribeEnd(setup.Time.GetTimestamp()));
    }

    private static void RecordFailure(PendingInference member, FailureReason reason, LaneSetup setup) =>
        setup.Statistics.RecordFailure(reason, setup.Time.GetElapsedTime(member.EnqueuedTimestamp));
}

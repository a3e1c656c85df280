using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Scheduling;

/// <summary>Sends what a decoupled model answers, one response after another, to the one request of its execution, and measures each.</summary>
/// <param name="member">The request.</param>
/// <param name="setup">What the lanes of the version share.</param>
/// <param name="started">When the execution began.</param>
/// <param name="isWarmup">True when no client waits.</param>
internal sealed class DecoupledSender(PendingInference member, LaneSetup setup, long started, bool isWarmup)
{
    private readonly long _started = started;
    private long _previous = started;

    /// <summary>True once nothing may follow.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>How the request was scheduled, which its first response tells; null when nobody wants to know.</summary>
    public ScheduleExplanation? Explanation { get; init; }

    /// <summary>How many responses have been sent.</summary>
    public int Count { get; private set; }

    /// <summary>Sends the outputs that <paramref name="batch"/> holds; their counts stay the batch's.</summary>
    /// <exception cref="BackendException">Nobody waits any more, or the end has been sent.</exception>
    public void Send(LaneBatch batch, IReadOnlyDictionary<string, ParameterValue>? parameters, bool isFinal)
    {
        ThrowIfEnded();
        var request = member.Request;
        var made = setup.Time.GetTimestamp();

        // The lease is shared only once there are outputs: nobody would give it back.
        var outputs = setup.Splitter.CutDecoupled(batch);
        var response = new InferenceResponse(request.Id, request.Lease.Share(), outputs, parameters, isFinal);
        if (Count == 0 && Explanation is not null)
        {
            response.Add(Explanation.ToParameters());
        }

        var cut = setup.Time.GetTimestamp();
        request.Record?.AddOutput(response.Bytes);
        ExecutionTrace.Respond(member, response);
        if (isFinal)
        {
            HasEnded = true;
            RecordSuccess(made, cut);

            // Its end is written down before the model has returned.
            request.Record?.SetExecution(ExecutionEnd.TimeInQueue(member, _started, setup), new ExecutionTimes(TimeSpan.Zero, setup.Time.GetElapsedTime(_started, made), setup.Time.GetElapsedTime(made, cut)), member.Rows);
            if (!member.TryComplete(InferenceOutcome.Success(response)))
            {
                response.Dispose();
            }

            return;
        }

        if (member.Stream!.Write(request, response, batch.Cancellation) is { } error)
        {
            response.Dispose();
            throw new BackendException(error.Code, error.Message);
        }

        // Waiting for a reader is no part of the next response.
        RecordSuccess(made, cut);
        _previous = setup.Time.GetTimestamp();
    }

    /// <summary>Ends the request with an error.</summary>
    /// <exception cref="BackendException">The end has been sent.</exception>
    public void SendError(ErrorCode code, string message)
    {
        ThrowIfEnded();
        HasEnded = true;
        setup.Statistics.Responses(Count++)?.RecordFailure(SincePrevious());
        member.TryComplete(InferenceOutcome.FailureOfAccepted(InferenceErrors.Backend(member.Request, "", new BackendException(code, message))));
    }

    /// <summary>The execution has ended. When nothing has said so to the request before, its end is one more response, without outputs.</summary>
    public void End()
    {
        if (!HasEnded)
        {
            HasEnded = true;
            setup.Statistics.Responses(Count)?.RecordEmpty(SincePrevious());
        }
    }

    /// <summary>The execution has failed, or nobody waits for it any more.</summary>
    public void Break(bool isCancelled)
    {
        if (HasEnded || setup.Statistics.Responses(Count) is not { } counters)
        {
            return;
        }

        HasEnded = true;
        if (isCancelled)
        {
            counters.RecordCancel(SincePrevious());
        }
        else
        {
            counters.RecordFailure(SincePrevious());
        }
    }

    private void RecordSuccess(long made, long cut)
    {
        if (Count == 0 && !isWarmup)
        {
            setup.Statistics.RecordFirstResponse(setup.Time.GetElapsedTime(member.EnqueuedTimestamp, cut));
        }

        setup.Statistics.Responses(Count)?.RecordSuccess(setup.Time.GetElapsedTime(_previous, made), setup.Time.GetElapsedTime(made, cut));
        Count++;
    }

    private TimeSpan SincePrevious() => setup.Time.GetElapsedTime(_previous, setup.Time.GetTimestamp());

    private void ThrowIfEnded()
    {
        if (HasEnded)
        {
            throw new BackendException("the model sends a response after its final one");
        }
    }
}

using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Ensembles;

/// <summary>What the client of a request to an ensemble is told, and how that is counted. Who may say something, and when, is the run's to know.</summary>
/// <param name="setup">What the requests of the ensemble share.</param>
/// <param name="pending">The request.</param>
internal sealed class EnsembleReply(EnsembleSetup setup, PendingInference pending)
{
    private readonly Lock _gate = new();
    private TimeSpan _inputTime;
    private TimeSpan _inferTime;
    private TimeSpan _outputTime;
    private bool _hasResponded;

    /// <summary>Counts the time of an execution in: that of an ensemble is the sum of its steps.</summary>
    public void Count(in ExecutionTimes times)
    {
        lock (_gate)
        {
            _inputTime += times.Input;
            _inferTime += times.Infer;
            _outputTime += times.Output;
        }
    }

    /// <summary>The request has failed.</summary>
    public void Fail(InferenceError error)
    {
        var reason = error.Code is ErrorCode.Cancelled or ErrorCode.DeadlineExceeded ? FailureReason.Cancelled : FailureReason.Other;
        setup.Statistics.RecordFailure(reason, Elapsed());
        pending.Fail(error);
    }

    /// <summary>Ends a request that has one answer.</summary>
    public void Complete(TensorView[] outputs, EnsembleFrame frame)
    {
        var total = Elapsed();
        var times = RecordSuccess(total);
        setup.Statistics.RecordFirstResponse(total);
        var request = pending.Request;
        var response = new InferenceResponse(request.Id, request.DetachLease(), outputs, frame.Parameters) { Times = times };
        request.Record?.AddOutput(response.Bytes);
        request.Trace?.Record(TraceActivity.TensorBackendOutput, response.Outputs);
        if (!pending.TryComplete(InferenceOutcome.Success(response)))
        {
            response.Dispose();
        }
    }

    /// <summary>Sends one of any number of answers, of which none is the last; waits while too many are unread.</summary>
    /// <param name="outputs">The outputs; they go over to the answer.</param>
    /// <param name="frame">The frame that they come from.</param>
    /// <param name="lease">A lease of the ensemble; goes over to the answer.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Why it could not be sent; null when it was.</returns>
    public async ValueTask<InferenceError?> SendAsync(TensorView[] outputs, EnsembleFrame frame, ModelLease lease, CancellationToken cancellation)
    {
        var response = new InferenceResponse(pending.Request.Id, lease, outputs, frame.Parameters, isFinal: false);
        var made = Elapsed();
        pending.Request.Record?.AddOutput(response.Bytes);
        pending.Request.Trace?.Record(TraceActivity.TensorBackendOutput, response.Outputs);
        if (await pending.Stream!.WriteAsync(pending.Request, response, cancellation).ConfigureAwait(false) is { } refusal)
        {
            response.Dispose();
            return refusal;
        }

        if (!_hasResponded)
        {
            _hasResponded = true;
            setup.Statistics.RecordFirstResponse(made);
        }

        return null;
    }

    /// <summary>Ends a request all of whose answers have left.</summary>
    public void EndStream()
    {
        RecordSuccess(Elapsed());
        pending.EndStream();
    }

    private ExecutionTimes RecordSuccess(TimeSpan total)
    {
        ExecutionTimes times;
        lock (_gate)
        {
            times = new ExecutionTimes(_inputTime, _inferTime, _outputTime);
        }

        setup.Statistics.RecordRun(pending.Rows, times, setup.Time.GetUtcNow());
        setup.Statistics.RecordSuccess(TimeSpan.Zero, total, times, pending.Request.Protocol);
        pending.Request.Record?.SetExecution(TimeSpan.Zero, times, pending.Rows);
        return times;
    }

    private TimeSpan Elapsed() => setup.Time.GetElapsedTime(pending.EnqueuedTimestamp);
}

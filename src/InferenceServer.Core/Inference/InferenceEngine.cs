using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Residency;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Sequences;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Inference;

/// <summary>The data plane: lease, validate, enqueue, await.</summary>
internal sealed class InferenceEngine(ModelCatalog catalog, ITensorAllocator allocator, ISharedMemoryTensors sharedMemory, ServerPhase phase, SchedulerOptions scheduling, TimeProvider time) : IInferenceEngine
{
    private const string TimeoutParameter = "timeout";
    private const string PriorityParameter = "priority";
    private const ulong MaxTimeoutMicroseconds = 1UL << 50;

    private readonly SequenceRouting _sequences = new(catalog, phase);

    public ITensorAllocator Allocator => allocator;

    public RequestTracer Tracer { get; init; } = RequestTracer.Off;

    public RequestObserver Observer { get; init; } = new(time, RequestLog.None);

    public ISharedMemoryTensors SharedMemory => sharedMemory;

    /// <summary>Where requests wait for models that are loaded on demand; null where there are none such.</summary>
    public ColdStarts? ColdStarts { get; init; }

    public ValueTask<LeaseOutcome> AcquireAsync(string modelName, string version, CancellationToken cancellationToken)
    {
        if (phase.IsStopping)
        {
            return ValueTask.FromResult(_sequences.FindLeaving(modelName, version) is { } last ? LeaseOutcome.Success(last) : LeaseOutcome.Failure(InferenceErrors.ServerStopping()));
        }

        if (catalog.TryAcquire(modelName, version, out var lease, out var asleep, out var error))
        {
            return ValueTask.FromResult(LeaseOutcome.Success(lease));
        }

        return ColdStarts is not null && asleep is not null
            ? ColdStarts.AcquireAsync(asleep.Model, version, cancellationToken)
            : ValueTask.FromResult(_sequences.FindLeaving(modelName, version) is { } leaving ? LeaseOutcome.Success(leaving) : LeaseOutcome.Failure(error));
    }

    /// <summary>A lease for a step of a request that is on its way already: a server that stops lets it finish. False when nothing serves now.</summary>
    internal bool TryAcquireMember(string modelName, string version, [NotNullWhen(true)] out ModelLease? lease) => catalog.TryAcquire(modelName, version, out lease, out _);

    /// <summary>As <see cref="TryAcquireMember"/>, waiting for a model that is loaded on demand.</summary>
    internal ValueTask<LeaseOutcome> AcquireMemberAsync(string modelName, string version, CancellationToken cancellationToken) =>
        catalog.TryAcquire(modelName, version, out var lease, out var asleep, out var error) ? ValueTask.FromResult(LeaseOutcome.Success(lease))
            : ColdStarts is not null && asleep is not null ? ColdStarts.AcquireAsync(asleep.Model, version, cancellationToken)
            : ValueTask.FromResult(LeaseOutcome.Failure(error));

    public ValueTask<InferenceOutcome> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var model = request.Lease.Model;
        if (model.Config.IsDecoupled)
        {
            model.Statistics.RecordRefusal(RefusalReason.Invalid);
            request.Dispose();
            return ValueTask.FromResult(InferenceOutcome.Failure(InferenceErrors.Decoupled(model.Name)));
        }

        return TryAccept(request, null, cancellationToken, out var pending, out var error)
            ? pending.Task
            : ValueTask.FromResult(InferenceOutcome.Failure(error));
    }

    public InferenceStream StartStream(InferenceRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var stream = new InferenceStream(scheduling.MaxUnreadResponses, scheduling.ReaderPatience, time);
        if (!TryAccept(request, stream, cancellationToken, out _, out var error))
        {
            stream.Finish(InferenceOutcome.Failure(error));
        }

        return stream;
    }

    /// <summary>Takes the request over: it is either on its way, or refused and disposed.</summary>
    private bool TryAccept(
        InferenceRequest request,
        InferenceStream? stream,
        CancellationToken cancellationToken,
        [NotNullWhen(true)] out PendingInference? pending,
        [NotNullWhen(false)] out InferenceError? error)
    {
        request.Trace?.BeginRequest(request.Id);
        var model = request.Lease.Model;
        try
        {
            pending = null;
            if (model.KeepsSequences)
            {
                error = _sequences.Follow(request);
                model = request.Lease.Model;
                if (error is not null)
                {
                    request.Trace?.Record(TraceActivity.RequestEnd);
                    model.Statistics.RecordRefusal(RefusalReason.NoCapacity);
                    request.Dispose();
                    return false;
                }
            }

            if (!model.Validator.TryPrepare(request, stream, cancellationToken, out pending, out error) || (error = model.Steps?.Read(pending)) is not null)
            {
                request.Trace?.Record(TraceActivity.RequestEnd);
                model.Statistics.RecordRefusal(RefusalReason.Invalid);
                request.Dispose();
                return false;
            }
        }
        catch
        {
            // The engine owns the request, whatever happens to it.
            request.Dispose();
            throw;
        }

        if (TimeLeft(request) is { } left)
        {
            if (left <= TimeSpan.Zero)
            {
                error = InferenceErrors.DeadlineExceeded(request);
                Fail(request, model);
                return false;
            }

            // A deadline of several years is none: the sum must not overflow.
            pending.DeadlineTimestamp = left > TimeSpan.FromDays(3650) ? long.MaxValue : time.GetTimestamp() + time.ToTicks(left);
        }

        request.Trace?.Record(TraceActivity.TensorQueueInput, request.Inputs);

        if (request.HasParameters)
        {
            ReadParameters(request, pending);
        }

        // How an answer was made that was kept is no news to whoever asks how his own is made.
        if (request.Record is { } record)
        {
            record.Rows = pending.Rows;
            record.InputBytes = pending.Bytes;
        }

        pending.Enter(model.Statistics);
        pending.IsBrought = !request.IsErrand;
        error = model.Cache is { } cache && !pending.IsExplained ? cache.TryAccept(pending) : model.Scheduler.TryEnqueue(pending);
        pending.IsBrought = false;
        if (error is not null)
        {
            pending.Leave();
            if (error.Code == ErrorCode.Cancelled || (error.Code == ErrorCode.DeadlineExceeded && !pending.IsTooLate))
            {
                Fail(request, model);
                return false;
            }

            request.Trace?.Record(TraceActivity.RequestEnd);
            if (pending.IsTooLate)
            {
                // As if its time had run out in the queue, which is what has been spared to it.
                model.Statistics.RecordFailure(FailureReason.Rejected, TimeSpan.Zero);
            }
            else
            {
                model.Statistics.RecordRefusal(pending.Refusal ?? (error.Code == ErrorCode.InvalidArgument ? RefusalReason.Invalid : RefusalReason.NoCapacity));
            }

            request.Dispose();
            return false;
        }

        return true;
    }

    private static void ReadParameters(InferenceRequest request, PendingInference pending)
    {
        // The request's own timeout, in microseconds, as the protocols name it; the queue policy decides whether it counts.
        if (request.Parameters.TryGetValue(TimeoutParameter, out var timeout) && timeout.TryGetUInt64(out var microseconds))
        {
            pending.RequestedTimeout = TimeSpan.FromMicroseconds(Math.Min(microseconds, MaxTimeoutMicroseconds));
        }

        if (request.Parameters.TryGetValue(PriorityParameter, out var priority) && priority.TryGetUInt64(out var level))
        {
            pending.Priority = level;
        }

        pending.IsExplained = request.Parameters.TryGetValue(ScheduleExplanation.Parameter, out var explain) && explain.TryGetBool(out var wanted) && wanted;
    }

    private TimeSpan? TimeLeft(InferenceRequest request)
    {
        var left = request.Deadline is { } deadline ? deadline - time.GetUtcNow() : (TimeSpan?)null;
        return request.TimeLimit < left || left is null ? request.TimeLimit : left;
    }

    /// <summary>
    /// Whoever gives a good request up counts as a cancellation, be it a moment before or after the queue has it: otherwise the counters
    /// would tell of chance.
    /// </summary>
    private static void Fail(InferenceRequest request, ServedModel model)
    {
        request.Trace?.Record(TraceActivity.RequestEnd);
        model.Statistics.RecordFailure(FailureReason.Cancelled, TimeSpan.Zero);
        request.Dispose();
    }
}

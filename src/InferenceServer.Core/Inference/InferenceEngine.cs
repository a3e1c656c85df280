using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Inference;

/// <summary>The data plane: lease, validate, enqueue, await.</summary>
internal sealed class InferenceEngine(ModelCatalog catalog, ITensorAllocator allocator, ServerPhase phase, TimeProvider time) : IInferenceEngine
{
    private const string TimeoutParameter = "timeout";
    private const ulong MaxTimeoutMicroseconds = 1UL << 50;

    public ITensorAllocator Allocator => allocator;

    public bool TryAcquire(string modelName, string version, [NotNullWhen(true)] out ModelLease? lease, [NotNullWhen(false)] out InferenceError? error)
    {
        if (phase.IsStopping)
        {
            lease = null;
            error = InferenceErrors.ServerStopping();
            return false;
        }

        return catalog.TryAcquire(modelName, version, out lease, out error);
    }

    public ValueTask<InferenceOutcome> InferAsync(InferenceRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var model = request.Lease.Model;
        PendingInference? pending;
        InferenceError? error;
        try
        {
            if (!model.Validator.TryPrepare(request, cancellationToken, out pending, out error))
            {
                return Refuse(request, model, FailureReason.Other, error);
            }
        }
        catch
        {
            // The engine owns the request, whatever happens to it.
            request.Dispose();
            throw;
        }

        if (request.Deadline is { } deadline)
        {
            var left = deadline - time.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                return Refuse(request, model, FailureReason.Cancelled, InferenceErrors.DeadlineExceeded(request));
            }

            // A deadline of several years is none: the sum must not overflow.
            pending.DeadlineTimestamp = left > TimeSpan.FromDays(3650) ? long.MaxValue : time.GetTimestamp() + time.ToTicks(left);
        }

        // The request's own timeout, in microseconds, as the protocols name it; the queue policy decides whether it counts.
        if (request.Parameters.TryGetValue(TimeoutParameter, out var timeout) && timeout.TryGetUInt64(out var microseconds))
        {
            pending.RequestedTimeout = TimeSpan.FromMicroseconds(Math.Min(microseconds, MaxTimeoutMicroseconds));
        }

        error = model.Scheduler.TryEnqueue(pending);
        return error is null
            ? pending.Task
            : Refuse(request, model, error.Code == ErrorCode.Cancelled ? FailureReason.Cancelled : FailureReason.Rejected, error);
    }

    private static ValueTask<InferenceOutcome> Refuse(InferenceRequest request, ServedModel model, FailureReason reason, InferenceError error)
    {
        model.Statistics.RecordFailure(reason);
        request.Dispose();
        return ValueTask.FromResult(InferenceOutcome.Failure(error));
    }
}

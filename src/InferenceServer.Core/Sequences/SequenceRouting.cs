using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Sequences;

/// <summary>
/// Brings the requests of a sequence to the version that has begun it, be it replaced or unloaded since: a sequence ends where it has begun. No new ones begin on a
/// version that is on its way out, nor in a server that is.
/// </summary>
internal sealed class SequenceRouting(ModelCatalog catalog, ServerPhase phase)
{
    /// <summary>A lease for a request that no version serves otherwise, since the model or the server is on its way out; null when there are no sequences to be finished.</summary>
    public ModelLease? FindLeaving(string name, string version)
    {
        if (phase.IsStopping && catalog.TryAcquire(name, version, out var ready, out _))
        {
            if (ready.Model.KeepsSequences && ready.Model.Sequences is { Active: > 0 } or { Waiting: > 0 })
            {
                return ready;
            }

            ready.Dispose();
        }

        return catalog.FindLeaving(name, version);
    }

    /// <summary>Gives the request the version that its sequence has begun on; says why it cannot begin one, if that is so.</summary>
    public InferenceError? Follow(InferenceRequest request)
    {
        var lease = request.Lease;
        if (SequenceStepReader.FindContinued(request) is not { } id)
        {
            // A step of a request that has been accepted is no new one.
            return request.IsStep ? null : phase.IsStopping ? InferenceErrors.ServerStopping() : lease.IsForSequencesAlone ? InferenceErrors.Stopping(request) : null;
        }

        if (!lease.Model.HasSequence(id) && catalog.FindSequence(lease.Model, lease.IsAnyVersion, id) is { } other)
        {
            request.ReplaceLease(other);
        }

        return null;
    }
}

using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Residency;

/// <summary>A request that waits for its model to be loaded. The lifecycle hands it a lease as soon as the model serves, before anybody can have it leave again.</summary>
/// <param name="model">The model's name.</param>
/// <param name="version">The version's number; null for the highest one.</param>
internal sealed class ColdStart(string model, long? version)
{
    private readonly TaskCompletionSource<LeaseOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServedModel? _reserved;

    public string Model => model;

    public long? Version => version;

    public Task<LeaseOutcome> Outcome => _outcome.Task;

    /// <summary>Ends the wait without a lease, unless it has ended.</summary>
    /// <returns>False when it has ended: there may be a lease.</returns>
    public bool Fail(InferenceError error) => _outcome.TrySetResult(LeaseOutcome.Failure(error));

    /// <summary>Takes a lease of a version that serves, which keeps it in memory until <see cref="End"/> hands it over.</summary>
    public void Reserve(ServedModel served)
    {
        if (_reserved is null && !_outcome.Task.IsCompleted && served.TryAcquire())
        {
            _reserved = served;
        }
    }

    /// <summary>Ends the wait with the lease that was reserved; one that nobody waits for any more is given back.</summary>
    /// <returns>False when there is none, and the wait goes on.</returns>
    public bool End()
    {
        if (_reserved is null)
        {
            return _outcome.Task.IsCompleted;
        }

        var lease = new ModelLease(_reserved);
        if (!_outcome.TrySetResult(LeaseOutcome.Success(lease)))
        {
            lease.Dispose();
        }

        return true;
    }
}

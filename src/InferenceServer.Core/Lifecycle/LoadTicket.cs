using System.Globalization;

namespace InferenceServer.Core.Lifecycle;

/// <summary>What a caller holds who has asked for a model and waits until it serves.</summary>
internal sealed class LoadTicket(AspiredModel model)
{
    private readonly TaskCompletionSource<LoadFailure?> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AspiredModel Model => model;

    /// <summary>Ends when the model serves, with null, or else with why it does not.</summary>
    public Task<LoadFailure?> Outcome => _outcome.Task;

    public void End(LoadFailure? failure) => _outcome.TrySetResult(failure);

    /// <summary>Ends the wait when there is something to say.</summary>
    /// <param name="wanted">What is wanted under the model's name by now; null for nothing.</param>
    /// <param name="incarnations">All incarnations of the model.</param>
    /// <param name="standing">Where it stands, when it is an ensemble; null when it is none.</param>
    /// <returns>True when the wait has ended.</returns>
    public bool TryEnd(AspiredModel? wanted, IEnumerable<Incarnation> incarnations, EnsembleStanding? standing)
    {
        if (wanted is null || !wanted.WantsSameAs(model))
        {
            End(new LoadFailure("another request to load or unload the model came in between") { IsRetryable = true });
            return true;
        }

        if (standing is { IsOpen: false })
        {
            if (standing.Blocked is { } reason)
            {
                End(new LoadFailure(string.Create(CultureInfo.InvariantCulture, $"version {model.Versions[^1].Number} is at UNAVAILABLE state: {reason}")));
            }

            return standing.Blocked is not null;
        }

        var own = model.Versions.Select(version => incarnations.LastOrDefault(incarnation => incarnation.IsOf(version))).ToArray();
        if (!Array.TrueForAll(own, static incarnation => incarnation?.State is ModelState.Ready or ModelState.Failed))
        {
            return false;
        }

        var failures = own.Where(static incarnation => incarnation!.State == ModelState.Failed)
            .Select(static incarnation => string.Create(CultureInfo.InvariantCulture, $"version {incarnation!.Source.Number} is at UNAVAILABLE state: {incarnation.Reason}"))
            .ToArray();
        End(failures.Length == 0 ? null : new LoadFailure(string.Join("; ", failures)));
        return true;
    }
}

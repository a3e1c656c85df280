namespace InferenceServer.Core.Lifecycle;

/// <summary>
/// Decides what to do next for one model, so that something serves at every moment: what is wanted is loaded beside what serves, and what
/// is not wanted goes only when what replaces it is ready. Pure: statuses in, actions out.
/// </summary>
internal static class TransitionPolicy
{
    /// <summary>The wanted versions, as number and fingerprint, that are not there and should be loaded.</summary>
    public static IEnumerable<(long Number, string Fingerprint)> ToLoad(
        IReadOnlyCollection<IncarnationStatus> statuses, IReadOnlyCollection<(long Number, string Fingerprint)> wanted) =>
        wanted.Where(version => !statuses.Any(status => IsOf(status, version) && status.State is not (ModelState.Draining or ModelState.Unloaded)));

    /// <summary>The incarnations that serve and should stop serving.</summary>
    public static IEnumerable<IncarnationStatus> ToUnload(
        IReadOnlyCollection<IncarnationStatus> statuses, IReadOnlyCollection<(long Number, string Fingerprint)> wanted)
    {
        // Something wanted that neither serves nor has failed is still on its way; until it is there, the old ones stay.
        var isSettled = wanted.Count == 0 || wanted.All(version => statuses.Any(status => IsOf(status, version) && status.State is (ModelState.Ready or ModelState.Failed)));
        var isServed = wanted.Count == 0 || wanted.Any(version => statuses.Any(status => IsOf(status, version) && status.State == ModelState.Ready));
        foreach (var status in statuses)
        {
            if (status.State != ModelState.Ready || wanted.Any(version => IsOf(status, version)))
            {
                continue;
            }

            // The same number under other files: its own replacement decides. A failed replacement keeps the old one serving.
            var isReplaced = statuses.Any(other => other.Number == status.Number && other.State == ModelState.Ready && wanted.Any(version => IsOf(other, version)));
            var hasReplacement = wanted.Any(version => version.Number == status.Number);
            if (hasReplacement ? isReplaced : isSettled && isServed)
            {
                yield return status;
            }
        }
    }

    private static bool IsOf(IncarnationStatus status, (long Number, string Fingerprint) version) =>
        status.Number == version.Number && status.Fingerprint == version.Fingerprint;
}

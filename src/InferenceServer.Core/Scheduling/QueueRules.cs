using System.Collections.Immutable;

namespace InferenceServer.Core.Scheduling;

/// <summary>What holds for the waiting requests of one version.</summary>
internal sealed record QueueRules
{
    /// <summary>How many may wait, of all priorities together.</summary>
    public required int MaxRequests { get; init; }

    /// <summary>A policy for each priority level; the first is that of level 1, which goes before all others.</summary>
    public ImmutableArray<QueuePolicy> Levels { get; init; } = [new QueuePolicy()];

    /// <summary>The level of a request that names none, or one that there is not; 1 is the first.</summary>
    public int DefaultLevel { get; init; } = 1;

    /// <summary>
    /// For how long requests of a lower level may wait without any of their level being run, in ticks of the time provider; 0 for as long as there are requests
    /// of higher ones.
    /// </summary>
    public long MaxStarvationTicks { get; init; }

    /// <summary>Where the requests with a priority wait.</summary>
    /// <param name="priority">The priority that the request names; 0 for none.</param>
    /// <returns>The place in <see cref="Levels"/>.</returns>
    public int LevelOf(ulong priority) => (priority >= 1 && priority <= (ulong)Levels.Length ? (int)priority : DefaultLevel) - 1;
}

namespace InferenceServer.Core.Routing;

/// <summary>An alias as it is in force at one moment. Immutable but for its counters: a change makes another one.</summary>
internal sealed class AliasRoute
{
    private readonly double[] _weights;
    private readonly ulong[] _names;
    private readonly ulong _salt;

    private AliasRoute(AliasConfig config, RoutedTarget[] targets)
    {
        Config = config;
        Targets = targets;
        _weights = [.. config.Targets.Select(static target => target.Weight)];
        _names = [.. config.Targets.Select(static target => StickyHash.Of($"{target.Model}/{target.VersionText}"))];
        _salt = StickyHash.Of(config.Name);
    }

    public string Name => Config.Name;

    public AliasConfig Config { get; }

    public RoutedTarget[] Targets { get; }

    public required AliasCounters Counters { get; init; }

    /// <summary>Grows with every change of any alias.</summary>
    public required long Revision { get; init; }

    public required AliasOrigin Origin { get; init; }

    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>What was in force before; null when nothing was.</summary>
    public AliasConfig? Previous { get; init; }

    /// <summary>What the file said of which this came; null when it came by a request.</summary>
    public AliasConfig? Declared { get; init; }

    /// <summary>That the last change was a roll-back; null when it was not.</summary>
    public RollbackRecord? RolledBack { get; init; }

    /// <summary>Makes a route; counters of targets that were there before go on.</summary>
    public static AliasRoute Make(AliasConfig config, AliasRoute? before, AliasOrigin origin, long revision, TimeProvider time, AliasConfig? previous, AliasConfig? declared, RollbackRecord? rolledBack)
    {
        var targets = config.Targets.Select(target => new RoutedTarget(
            target,
            before?.Targets.FirstOrDefault(known => known.Target.IsSameAs(target.Model, target.Version))?.Counters ?? new TargetCounters(),
            config.Rollback is { } rule && !target.IsStable ? new OutcomeWindow(rule.Window, time) : null));
        return new AliasRoute(config, [.. targets])
        {
            Counters = before?.Counters ?? new AliasCounters(),
            Revision = revision,
            Origin = origin,
            ChangedAt = time.GetUtcNow(),
            Previous = previous,
            Declared = declared,
            RolledBack = rolledBack,
        };
    }

    /// <summary>Chooses a target.</summary>
    /// <param name="excluded">The places that are out of the question, a bit each.</param>
    /// <param name="key">The value of the sticky header; null or empty when chance decides.</param>
    /// <param name="random">Chance.</param>
    /// <returns>The target's place; -1 when none is left.</returns>
    public int Choose(ulong excluded, string? key, Random random) => string.IsNullOrEmpty(key)
        ? TargetChoice.Draw(_weights, excluded, random.NextDouble())
        : TargetChoice.Find(_weights, _names, excluded, StickyHash.Of(key) ^ _salt);
}

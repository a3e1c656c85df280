namespace InferenceServer.Core.Tracing;

/// <summary>Which settings of tracing are to change.</summary>
public sealed record TraceSettingsUpdate
{
    /// <summary>What is traced.</summary>
    public SettingChange<TraceLevels> Levels { get; init; }

    /// <summary>One request in so many; not negative.</summary>
    public SettingChange<long> Rate { get; init; }

    /// <summary>How many requests; at least -1.</summary>
    public SettingChange<long> Count { get; init; }

    /// <summary>How many traces a numbered file takes; not negative.</summary>
    public SettingChange<long> LogFrequency { get; init; }

    /// <summary>True when nothing is to change.</summary>
    public bool IsEmpty => !Levels.IsGiven && !Rate.IsGiven && !Count.IsGiven && !LogFrequency.IsGiven;
}

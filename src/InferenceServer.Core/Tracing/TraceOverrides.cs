namespace InferenceServer.Core.Tracing;

/// <summary>What one scope, the whole server or a model, sets for itself; null falls back to what lies beneath.</summary>
internal sealed record TraceOverrides(TraceLevels? Levels, long? Rate, long? Count, long? LogFrequency)
{
    public static TraceOverrides None { get; } = new(null, null, null, null);

    public bool IsEmpty => this == None;

    public TraceOverrides With(TraceSettingsUpdate update) => new(
        update.Levels.ApplyTo(Levels),
        update.Rate.ApplyTo(Rate),
        update.Count.ApplyTo(Count),
        update.LogFrequency.ApplyTo(LogFrequency));

    public TraceSettings Resolve(TraceSettings beneath) => new(
        Levels ?? beneath.Levels,
        Rate ?? beneath.Rate,
        Count ?? beneath.Count,
        LogFrequency ?? beneath.LogFrequency)
    {
        Share = Rate is null ? beneath.Share : null,
    };
}

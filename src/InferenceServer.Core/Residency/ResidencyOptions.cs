namespace InferenceServer.Core.Residency;

/// <summary>When models are in memory, and how much of it they may take.</summary>
public sealed record ResidencyOptions
{
    /// <summary>What holds for a model whose configuration does not say.</summary>
    public ModelResidency Default { get; init; } = ModelResidency.Pinned;

    /// <summary>What all loaded models together may take; 0 for no limit. Bytes.</summary>
    public long MemoryBudget { get; init; }

    /// <summary>After how much time without a request a model that is loaded on demand leaves the memory; zero for never. A model's configuration may say otherwise.</summary>
    public TimeSpan IdleUnload { get; init; }

    /// <summary>How long a request waits at most for its model to be loaded.</summary>
    public TimeSpan ColdStartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How many requests may wait for models to be loaded.</summary>
    public int MaxColdRequests { get; init; } = 4096;
}

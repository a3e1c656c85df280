namespace InferenceServer.Core.Residency;

/// <summary>When a model is in memory.</summary>
public enum ModelResidency
{
    /// <summary>From its load to its unload.</summary>
    Pinned,

    /// <summary>From the first request for it until its memory is needed for another model, or it has been idle for long.</summary>
    OnDemand,
}

namespace InferenceServer.Core.Repository;

/// <summary>Who decides which models are loaded.</summary>
public enum ModelControlMode
{
    /// <summary>All models of the repositories are loaded at start, and that is that.</summary>
    None,

    /// <summary>Models are loaded and unloaded by name, at start by option and later by request.</summary>
    Explicit,
}

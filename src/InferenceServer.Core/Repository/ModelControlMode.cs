namespace InferenceServer.Core.Repository;

/// <summary>Who decides which models are loaded.</summary>
public enum ModelControlMode
{
    /// <summary>All models of the repositories are loaded at start, and that is that.</summary>
    None,

    /// <summary>All models of the repositories are loaded, and what changes there is followed.</summary>
    Poll,

    /// <summary>Models are loaded and unloaded by name, at start by option and later by request.</summary>
    Explicit,
}

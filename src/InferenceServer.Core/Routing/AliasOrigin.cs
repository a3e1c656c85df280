namespace InferenceServer.Core.Routing;

/// <summary>Where an alias comes from.</summary>
public enum AliasOrigin
{
    /// <summary>A file in a repository.</summary>
    File,

    /// <summary>A request.</summary>
    Request,
}

namespace InferenceServer.Core.Caching;

/// <summary>Whether a store of answers is asked.</summary>
internal enum StoreState
{
    /// <summary>It answers.</summary>
    Reachable,

    /// <summary>It has failed, and is left alone for a moment; then one request tries again.</summary>
    Away,
}

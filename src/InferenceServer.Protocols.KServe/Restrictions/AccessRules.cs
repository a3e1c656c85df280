namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>Which rule each route and each rpc has. What is not known here has none, and is refused.</summary>
public static class AccessRules
{
    /// <summary>The rule of a route of the protocol; null when none is known.</summary>
    /// <param name="pattern">The route's pattern, such as <c>/v2/models/{model}/infer</c>.</param>
    public static AccessRule? OfRoute(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return (ApiCategories.OfRoute(pattern), pattern.Split('/')[^1]) switch
        {
            (ApiCategory.Health, _) => pattern.StartsWith("/v2/health/", StringComparison.Ordinal) ? AccessRule.Health : AccessRule.ModelHealth,
            (ApiCategory.Inference, _) => AccessRule.Inference,
            (ApiCategory.Metadata or ApiCategory.ModelConfig or ApiCategory.Statistics, _) => AccessRule.Metadata,
            (ApiCategory.ModelRepository, "index") => AccessRule.Metadata,
            (ApiCategory.ModelRepository, "load" or "unload" or "promote" or "rollback") => AccessRule.Control,
            (ApiCategory.ModelRepository, "aliases" or "{alias}") => AccessRule.Settings,
            (ApiCategory.Trace or ApiCategory.Logging, _) => AccessRule.Settings,
            (ApiCategory.SharedMemory, _) => AccessRule.SharedMemory,
            _ => null,
        };
    }

    /// <summary>The rule of an rpc; null when none is known.</summary>
    /// <param name="service">The service's full name.</param>
    /// <param name="rpc">The rpc's name.</param>
    public static AccessRule? OfRpc(string service, string rpc)
    {
        ArgumentNullException.ThrowIfNull(rpc);
        return (ApiCategories.OfRpc(service, rpc), rpc) switch
        {
            // Of the standard health service too: a name in the message may be that of a model, which is looked at there.
            (ApiCategory.Health, "ModelReady") => AccessRule.ModelHealth,
            (ApiCategory.Health, "List") => AccessRule.Metadata,
            (ApiCategory.Health, _) => AccessRule.Health,
            (ApiCategory.Inference, _) => AccessRule.Inference,
            (ApiCategory.Metadata or ApiCategory.ModelConfig or ApiCategory.Statistics, _) => AccessRule.Metadata,
            (ApiCategory.ModelRepository, "RepositoryIndex") => AccessRule.Metadata,
            (ApiCategory.ModelRepository, _) => AccessRule.Control,
            (ApiCategory.Trace or ApiCategory.Logging, _) => AccessRule.Settings,
            (ApiCategory.SharedMemory, _) => AccessRule.SharedMemory,
            _ => null,
        };
    }
}

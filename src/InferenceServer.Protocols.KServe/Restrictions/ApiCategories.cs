using System.Collections.Immutable;

namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>Which category each route and each rpc belongs to.</summary>
public static class ApiCategories
{
    /// <summary>The categories by the names that they have in options.</summary>
    public static ImmutableSortedDictionary<string, ApiCategory> ByName { get; } = new Dictionary<string, ApiCategory>
    {
        ["health"] = ApiCategory.Health,
        ["metadata"] = ApiCategory.Metadata,
        ["inference"] = ApiCategory.Inference,
        ["shared-memory"] = ApiCategory.SharedMemory,
        ["model-config"] = ApiCategory.ModelConfig,
        ["model-repository"] = ApiCategory.ModelRepository,
        ["statistics"] = ApiCategory.Statistics,
        ["trace"] = ApiCategory.Trace,
        ["logging"] = ApiCategory.Logging,
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>The category of a route of the protocol; null when none is known, which leaves the route without one.</summary>
    /// <param name="pattern">The route's pattern, such as <c>/v2/models/{model}/infer</c>.</param>
    public static ApiCategory? OfRoute(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return pattern.Split('/') switch
        {
            ["", "v2"] => ApiCategory.Metadata,

            // It tells the same of the models as their metadata do.
            ["", "openapi.json"] => ApiCategory.Metadata,
            ["", "v2", "health", ..] => ApiCategory.Health,
            ["", "v2", "repository" or "aliases", ..] => ApiCategory.ModelRepository,
            ["", "v2", "systemsharedmemory" or "cudasharedmemory", ..] => ApiCategory.SharedMemory,
            ["", "v2", "logging"] => ApiCategory.Logging,
            ["", "v2", "trace", "setting"] => ApiCategory.Trace,
            ["", "v2", "models", "stats"] => ApiCategory.Statistics,
            ["", "v2", "models", _] or ["", "v2", "models", _, "versions", _] => ApiCategory.Metadata,
            ["", "v2", "models", _, .. var action] => OfAction(action),
            _ => null,
        };
    }

    /// <summary>The category of an rpc; null when none is known, which leaves the rpc without one.</summary>
    /// <param name="service">The service's full name.</param>
    /// <param name="rpc">The rpc's name.</param>
    public static ApiCategory? OfRpc(string service, string rpc)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(rpc);
        if (service.StartsWith("grpc.reflection.", StringComparison.Ordinal))
        {
            return ApiCategory.Metadata;
        }

        return rpc switch
        {
            "Check" or "Watch" or "List" when service == "grpc.health.v1.Health" => ApiCategory.Health,
            "ServerLive" or "ServerReady" or "ModelReady" => ApiCategory.Health,
            "ServerMetadata" or "ModelMetadata" => ApiCategory.Metadata,
            "ModelInfer" or "ModelStreamInfer" => ApiCategory.Inference,
            "ModelConfig" => ApiCategory.ModelConfig,
            "ModelStatistics" => ApiCategory.Statistics,
            "RepositoryIndex" or "RepositoryModelLoad" or "RepositoryModelUnload" => ApiCategory.ModelRepository,
            "TraceSetting" => ApiCategory.Trace,
            "LogSettings" => ApiCategory.Logging,
            _ when rpc.StartsWith("SystemSharedMemory", StringComparison.Ordinal) || rpc.StartsWith("CudaSharedMemory", StringComparison.Ordinal) => ApiCategory.SharedMemory,
            _ => null,
        };
    }

    private static ApiCategory? OfAction(ReadOnlySpan<string> action) => (action is ["versions", _, ..] ? action[2..] : action) switch
    {
        ["ready"] => ApiCategory.Health,
        ["infer" or "generate" or "generate_stream"] => ApiCategory.Inference,
        ["config"] => ApiCategory.ModelConfig,
        ["stats"] => ApiCategory.Statistics,
        ["trace", "setting"] => ApiCategory.Trace,
        _ => null,
    };
}

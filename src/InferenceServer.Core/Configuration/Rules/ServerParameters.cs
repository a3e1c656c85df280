using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>The parameters of a configuration that are the server's and not the backend's, since the message has no fields for them.</summary>
internal static class ServerParameters
{
    /// <summary>True for one of them. None changes what a model answers.</summary>
    public static bool Has(string key) => key is AutomaticWarmupRule.Key or StarvationRule.Key or LatencyTargetRule.Key || ModelResidencies.IsParameter(key);
}

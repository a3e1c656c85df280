using System.Collections.Immutable;
using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>The parameters of a configuration that are the server's and not the backend's, since the message has no fields for them.</summary>
internal static class ServerParameters
{
    /// <summary>Their keys. None changes what a model answers.</summary>
    public static ImmutableHashSet<string> Keys { get; } = [AutomaticWarmupRule.Key, ModelResidencies.ParameterKey, ModelResidencies.IdleUnloadKey];
}

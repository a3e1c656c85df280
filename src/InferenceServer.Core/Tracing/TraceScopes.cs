using System.Collections.Immutable;

namespace InferenceServer.Core.Tracing;

/// <summary>The samplers of the moment: the one for the whole server, and those of the models that have settings of their own.</summary>
internal sealed record TraceScopes(TraceSampler Global, ImmutableDictionary<string, TraceSampler> Models)
{
    public bool IsOn => Global.IsOn || Models.Values.Any(static sampler => sampler.IsOn);

    public TraceSampler Of(string model) => Models.GetValueOrDefault(model, Global);
}

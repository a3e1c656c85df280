namespace InferenceServer.Core.Configuration.Rules;

/// <summary>From the message to the policy.</summary>
internal static class VersionPolicies
{
    public static VersionPolicy Of(global::Inference.ModelConfig message) => message.VersionPolicy switch
    {
        { Latest: { } latest } => new VersionPolicy.Latest((int)latest.NumVersions),
        { All: not null } => new VersionPolicy.All(),
        { Specific: { } specific } => new VersionPolicy.Specific([.. specific.Versions]),
        _ => VersionPolicy.Default,
    };
}

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>From the message to the policy, and back.</summary>
internal static class VersionPolicies
{
    public static VersionPolicy Of(global::Inference.ModelConfig message) => message.VersionPolicy switch
    {
        { Latest: { } latest } => new VersionPolicy.Latest((int)latest.NumVersions),
        { All: not null } => new VersionPolicy.All(),
        { Specific: { } specific } => new VersionPolicy.Specific([.. specific.Versions]),
        _ => VersionPolicy.Default,
    };

    public static global::Inference.ModelVersionPolicy ToMessage(VersionPolicy policy) => policy switch
    {
        VersionPolicy.Latest latest => new() { Latest = new() { NumVersions = (uint)latest.Count } },
        VersionPolicy.Specific specific => new() { Specific = new() { Versions = { specific.Versions.ToArray() } } },
        _ => new() { All = new() },
    };
}

namespace InferenceServer.Core.Configuration;

/// <summary>What an instance needs for each execution, of something that there is only so much of.</summary>
/// <param name="Name">The resource.</param>
/// <param name="IsGlobal">True when all devices share it; false when each has its own.</param>
/// <param name="Count">How much of it.</param>
public sealed record InstanceResource(string Name, bool IsGlobal, int Count);

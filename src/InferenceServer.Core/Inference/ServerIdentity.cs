namespace InferenceServer.Core.Inference;

/// <summary>What the server calls itself.</summary>
/// <param name="Name">The name, from <c>--id</c>.</param>
/// <param name="Version">The version of this software.</param>
public sealed record ServerIdentity(string Name, string Version);

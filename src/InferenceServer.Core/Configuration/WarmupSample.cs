using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

/// <summary>Requests that each instance runs before its version is ready.</summary>
/// <param name="Name">The sample's name, for messages.</param>
/// <param name="Requests">How many equal requests of one row are run together; at least 1.</param>
/// <param name="Count">How often they are run; at least 1.</param>
/// <param name="Inputs">The inputs of each request.</param>
public sealed record WarmupSample(string Name, int Requests, long Count, ImmutableArray<WarmupInput> Inputs);

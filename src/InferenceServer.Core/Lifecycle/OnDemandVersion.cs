using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Lifecycle;

/// <summary>A version that is loaded when it is asked for.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Number">The version's number.</param>
/// <param name="Config">The configuration that it ran with when it was loaded last from the same files; null when it never was.</param>
internal sealed record OnDemandVersion(string Model, long Number, ModelConfig? Config);

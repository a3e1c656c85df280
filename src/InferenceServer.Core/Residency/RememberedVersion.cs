using InferenceServer.Core.Configuration;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Residency;

/// <summary>What is known of a version that was in memory.</summary>
/// <param name="Fingerprint">The files that it was loaded from.</param>
/// <param name="Bytes">What it took; null when that could not be measured.</param>
/// <param name="Config">The configuration that it ran with.</param>
/// <param name="Statistics">Its counters, which go on when it comes back.</param>
internal sealed record RememberedVersion(string Fingerprint, long? Bytes, ModelConfig Config, ModelStatistics Statistics);

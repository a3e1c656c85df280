using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.Runs;

/// <summary>What a sweep found.</summary>
/// <param name="Encoding">The way the requests travelled.</param>
/// <param name="Knee">The load with the most answers a second for its mean latency; null when every load had failures.</param>
/// <param name="Largest">The largest load that meets the target; null when none does, or there is no target.</param>
internal sealed record SweepResult(WireEncoding Encoding, SweepStep? Knee, SweepStep? Largest);

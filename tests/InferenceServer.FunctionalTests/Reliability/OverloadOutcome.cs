namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>One request of an open loop, as its client saw it.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Status">The status, in the protocol's own words.</param>
/// <param name="Milliseconds">From the moment it was sent to the end of its answer.</param>
/// <param name="Ended">When its answer had been read, as a timestamp.</param>
internal readonly record struct OverloadOutcome(OverloadEnd End, string Status, double Milliseconds, long Ended);

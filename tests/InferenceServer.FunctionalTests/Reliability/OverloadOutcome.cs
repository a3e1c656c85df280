using System.Net;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>One request of an open loop, as its client saw it.</summary>
/// <param name="Status">The status; 0 for none.</param>
/// <param name="IsRefusal">True when it was turned away without waiting: its deadline could not be met, or the queue was full.</param>
/// <param name="Milliseconds">From the moment it was sent to the end of its answer.</param>
/// <param name="Ended">When its answer had been read, as a timestamp.</param>
internal readonly record struct OverloadOutcome(HttpStatusCode Status, bool IsRefusal, double Milliseconds, long Ended);

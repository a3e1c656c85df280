namespace InferenceServer.Core.Residency;

/// <summary>Where a load began.</summary>
/// <param name="Event">The number of the load among all that has changed what the process takes; below 0 when another load ran already.</param>
/// <param name="Bytes">What the process took.</param>
internal readonly record struct LoadMark(long Event, long Bytes);

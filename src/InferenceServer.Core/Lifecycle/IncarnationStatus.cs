namespace InferenceServer.Core.Lifecycle;

/// <summary>Where one incarnation of a version stands, as the transition policy sees it.</summary>
/// <param name="Id">Counts up with every incarnation of the server's life: a larger one is newer.</param>
/// <param name="Number">The version's number.</param>
/// <param name="Fingerprint">The files that it was, or is to be, loaded from.</param>
/// <param name="State">Where it stands.</param>
internal sealed record IncarnationStatus(long Id, long Number, string Fingerprint, ModelState State);

namespace InferenceServer.Core.Mirrors;

/// <summary>A model that could not be mirrored as it was listed.</summary>
/// <param name="Stamp">What was listed.</param>
/// <param name="Since">When it was tried last. A time stamp of the clock.</param>
/// <param name="Pause">How long the same is not tried again.</param>
internal sealed record FailedMirroring(string Stamp, long Since, TimeSpan Pause);

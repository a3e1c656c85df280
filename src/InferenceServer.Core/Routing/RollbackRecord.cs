namespace InferenceServer.Core.Routing;

/// <summary>That an alias has gone back to its stable target.</summary>
/// <param name="Time">When.</param>
/// <param name="Cause">Why.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record RollbackRecord(DateTimeOffset Time, RollbackCause Cause, string Reason);

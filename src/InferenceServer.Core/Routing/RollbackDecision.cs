namespace InferenceServer.Core.Routing;

/// <summary>That a target has broken its limits.</summary>
/// <param name="Cause">Which one.</param>
/// <param name="Reason">The figures, in one sentence without its end.</param>
internal sealed record RollbackDecision(RollbackCause Cause, string Reason);

namespace InferenceServer.Core.Scheduling;

/// <summary>What a caller runs on his own thread, and the lane that he has for it.</summary>
internal readonly record struct LaneLoan(InstanceRunner Lane, PendingInference[] Batch, ReleaseReason Reason);

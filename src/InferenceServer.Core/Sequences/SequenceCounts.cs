namespace InferenceServer.Core.Sequences;

/// <summary>The sequences of one version.</summary>
/// <param name="Active">Those that have a place.</param>
/// <param name="Waiting">Those that wait for one.</param>
/// <param name="IdleEnded">How many were given up since no request came for too long.</param>
public readonly record struct SequenceCounts(int Active, int Waiting, long IdleEnded);

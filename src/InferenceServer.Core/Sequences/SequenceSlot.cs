namespace InferenceServer.Core.Sequences;

/// <summary>A place for a sequence.</summary>
/// <param name="Lane">The lane, whose instance runs all requests of the sequence.</param>
/// <param name="Index">Which of the lane's places: its row, where rows are fixed.</param>
internal readonly record struct SequenceSlot(int Lane, int Index);

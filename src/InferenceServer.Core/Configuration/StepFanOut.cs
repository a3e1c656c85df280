using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

/// <summary>How a step runs once an item: some of its tensors are cut along their first dimension, and what the runs answer is put together again.</summary>
/// <param name="Tensors">The tensors of the ensemble that are cut; at least one.</param>
/// <param name="Parallel">How many items run at once.</param>
/// <param name="MaxItems">The most items of one request.</param>
internal sealed record StepFanOut(ImmutableArray<string> Tensors, int Parallel, int MaxItems);

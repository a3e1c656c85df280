namespace InferenceServer.Bench.SharedMemory;

/// <summary>How tensors travel in shared memory.</summary>
/// <param name="OutputBytes">How many bytes each output may have; null for as many as it has in the first answer.</param>
internal sealed record SharedMemoryPlan(int? OutputBytes);

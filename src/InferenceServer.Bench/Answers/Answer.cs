using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Answers;

/// <summary>An inference answer with its tensors as bytes, whatever way it travelled.</summary>
internal sealed record Answer(string ModelName, IReadOnlyList<Tensor> Outputs);

namespace InferenceServer.Bench.Models;

/// <summary>What GET /v2/models/{name} says of a model.</summary>
internal sealed record ModelMetadata(string Name, IReadOnlyList<TensorMetadata> Inputs, IReadOnlyList<TensorMetadata> Outputs);

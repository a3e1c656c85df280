using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration;

public sealed record ModelConfig
{
    public required string Name { get; init; }

    public string Backend { get; init; } = "";

    public string Platform { get; init; } = "";

    public int MaxBatchSize { get; init; }

    public bool IsBatching => MaxBatchSize > 0;

    public ImmutableArray<ModelTensor> Inputs { get; init; } = [];

    public ImmutableArray<ModelTensor> Outputs { get; init; } = [];

    public global::Inference.ModelConfig ToMessage() => new() { Name = Name };
}

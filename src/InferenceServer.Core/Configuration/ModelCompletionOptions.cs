namespace InferenceServer.Core.Configuration;

/// <summary>What the server fills in when a model's configuration leaves it out.</summary>
public sealed record ModelCompletionOptions
{
    /// <summary>True when a configuration may leave out inputs, outputs and batch size, to be taken from the model itself.</summary>
    public bool AutoComplete { get; init; } = true;

    /// <summary>The batch size of a model that can batch and whose configuration does not say; 0 leaves batching off.</summary>
    public int DefaultMaxBatchSize { get; init; } = 4;

    /// <summary>True when nobody has chosen <see cref="DefaultMaxBatchSize"/>: executions of models that say nothing of their batches may then become larger, where that pays.</summary>
    public bool IsDefaultUnchosen { get; init; }
}

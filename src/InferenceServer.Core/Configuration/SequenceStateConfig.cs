using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration;

/// <summary>A tensor that the server keeps for each sequence: an output of one step is an input of the next.</summary>
/// <param name="InputName">The input of the model that gets it.</param>
/// <param name="OutputName">The output of the model that gives it.</param>
/// <param name="DataType">The type of both.</param>
/// <param name="Dims">The shape of both without the batch dimension, which a model of <c>max_batch_size</c> 0 does not have.</param>
public sealed record SequenceStateConfig(string InputName, string OutputName, TensorDataType DataType, TensorShape Dims)
{
    /// <summary>The shape that a sequence begins with, without the batch dimension and without free ones.</summary>
    public required TensorShape InitialDims { get; init; }

    /// <summary>The file in the model's folder <c>initial_state</c> that a sequence begins with; null when it begins with zeros, or empty strings.</summary>
    public string? InitialFile { get; init; }
}

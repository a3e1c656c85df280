using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration;

/// <summary>One input of a warm-up request.</summary>
/// <param name="Name">The input's name.</param>
/// <param name="DataType">The element type.</param>
/// <param name="Dims">The dimensions of one row, all fixed, without the batch dimension.</param>
/// <param name="Content">Where the elements come from.</param>
/// <param name="FileName">The file in the folder <c>warmup</c> of the model that holds one row; empty for other content.</param>
public sealed record WarmupInput(string Name, TensorDataType DataType, TensorShape Dims, WarmupContent Content, string FileName);

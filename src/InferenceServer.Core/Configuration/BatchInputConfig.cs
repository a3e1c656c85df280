using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration;

/// <summary>An input of the model that no client sends: the server makes it for each execution.</summary>
/// <param name="Kind">What it tells.</param>
/// <param name="Targets">The inputs of the model that get it; at least one.</param>
/// <param name="DataType">INT32 or FP32.</param>
/// <param name="Source">The input that it tells about.</param>
public sealed record BatchInputConfig(BatchInputKind Kind, ImmutableArray<string> Targets, TensorDataType DataType, string Source);

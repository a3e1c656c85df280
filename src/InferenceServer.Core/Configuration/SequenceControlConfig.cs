using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration;

/// <summary>An input of the model, one element a row, by which it learns of the sequence; no client sends it.</summary>
/// <param name="Name">The input.</param>
/// <param name="Kind">What it tells.</param>
/// <param name="DataType">INT32, FP32 or BOOL; of an id UINT64, INT64, UINT32, INT32 or BYTES.</param>
/// <param name="False">The element for no, little-endian; empty for an id.</param>
/// <param name="True">The element for yes, likewise.</param>
public sealed record SequenceControlConfig(string Name, SequenceControlKind Kind, TensorDataType DataType, ImmutableArray<byte> False, ImmutableArray<byte> True);

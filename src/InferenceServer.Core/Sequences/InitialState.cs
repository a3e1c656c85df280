using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Sequences;

/// <summary>What a state holds when a sequence begins.</summary>
/// <param name="Shape">Without the batch dimension; no dimension is free.</param>
/// <param name="Content">The elements as the wire has them: little-endian, and for BYTES each with its length in front.</param>
internal sealed record InitialState(TensorShape Shape, ImmutableArray<byte> Content);

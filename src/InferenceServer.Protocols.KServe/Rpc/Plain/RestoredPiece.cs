using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>Some of the bytes that were taken from a body.</summary>
/// <param name="Bytes">The bytes.</param>
/// <param name="Tensor">What they lie in, with a count of its own; null for memory that nobody has to give back.</param>
internal readonly record struct RestoredPiece(ReadOnlyMemory<byte> Bytes, TensorBuffer? Tensor);

using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>The array of an npy file as a tensor: row-major, little-endian.</summary>
/// <param name="DataType">The element type.</param>
/// <param name="Shape">The shape as the file has it.</param>
/// <param name="Data">The elements; the caller's.</param>
internal readonly record struct NpyArray(TensorDataType DataType, TensorShape Shape, TensorBuffer Data);

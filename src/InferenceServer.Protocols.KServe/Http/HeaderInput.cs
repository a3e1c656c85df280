using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.SharedMemory;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>An input as the JSON part of a request gives it.</summary>
/// <param name="Head">Its name, type and shape.</param>
/// <param name="Data">Its elements; null while they are still to come in the binary part, or to be taken from shared memory.</param>
/// <param name="BinarySize">How many bytes of the binary part it takes; 0 when it came otherwise.</param>
/// <param name="Source">Where in shared memory it is; null when it comes with the request.</param>
internal readonly record struct HeaderInput(InputHead Head, TensorBuffer? Data, long BinarySize, SharedMemoryRange? Source = null);

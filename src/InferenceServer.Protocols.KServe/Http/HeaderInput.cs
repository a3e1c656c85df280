using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>An input as the JSON part of a request gives it.</summary>
/// <param name="Head">Its name, type and shape.</param>
/// <param name="Data">Its elements; null while they are still to come in the binary part.</param>
/// <param name="BinarySize">How many bytes of the binary part it takes; 0 when it came as JSON.</param>
internal readonly record struct HeaderInput(InputHead Head, TensorBuffer? Data, long BinarySize);

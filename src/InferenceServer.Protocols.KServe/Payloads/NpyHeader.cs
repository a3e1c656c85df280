using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>What an npy file says before its data.</summary>
/// <param name="Descr">The element type as it is written.</param>
/// <param name="IsFortran">Whether the first dimension is the one that changes fastest.</param>
/// <param name="Shape">The shape, none of its dimensions free.</param>
/// <param name="Length">How many bytes come before the data.</param>
internal readonly record struct NpyHeader(string Descr, bool IsFortran, TensorShape Shape, int Length);

using InferenceServer.Core.Cuda;

namespace InferenceServer.Core.SharedMemory;

/// <summary>What a client says of a part of a device's memory.</summary>
/// <param name="Name">What requests are to call it.</param>
/// <param name="Handle">The allocation.</param>
/// <param name="Device">The device's number as the client knows it; not known to exist.</param>
/// <param name="ByteSize">How long the part is, from the beginning of the allocation on, in bytes; above 0.</param>
internal readonly record struct CudaRegistration(string Name, CudaMemoryHandle Handle, long Device, ulong ByteSize);

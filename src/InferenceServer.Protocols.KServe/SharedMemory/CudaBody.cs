namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>What a client says of a region of a device's memory that it registers over HTTP.</summary>
/// <param name="Handle">The allocation's handle.</param>
/// <param name="Device">The device's number.</param>
/// <param name="ByteSize">How long the region is, in bytes.</param>
internal readonly record struct CudaBody(byte[] Handle, long Device, ulong ByteSize);

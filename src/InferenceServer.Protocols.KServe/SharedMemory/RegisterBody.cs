namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>What a client says of a region that it registers over HTTP.</summary>
/// <param name="Key">The object's name.</param>
/// <param name="Offset">Where the region begins in the object, in bytes.</param>
/// <param name="ByteSize">How long it is, in bytes.</param>
internal readonly record struct RegisterBody(string Key, ulong Offset, ulong ByteSize);

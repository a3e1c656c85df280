using InferenceServer.Core.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>An output that a <see cref="PlainMessage"/> asks for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Range">Where in shared memory it goes; null where the answer carries it.</param>
internal readonly record struct PlainOutput(string Name, SharedMemoryRange? Range);

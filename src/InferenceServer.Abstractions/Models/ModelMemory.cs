namespace InferenceServer.Abstractions.Models;

/// <summary>Memory that a loaded version takes.</summary>
/// <param name="Kind">The kind of memory.</param>
/// <param name="DeviceId">The number of the device; 0 for the processor's memory.</param>
/// <param name="Bytes">How much.</param>
public sealed record ModelMemory(MemoryKind Kind, int DeviceId, long Bytes);

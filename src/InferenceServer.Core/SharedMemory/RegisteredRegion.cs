namespace InferenceServer.Core.SharedMemory;

/// <summary>A region and the memory that it is a part of, of which the registry holds one count.</summary>
internal sealed record RegisteredRegion(SharedMemoryRegion Region, RegionMemory Memory);

namespace InferenceServer.Core.SharedMemory;

/// <summary>Where the memory of a region lies. The names of regions are one name space over both.</summary>
public enum SharedMemoryKind
{
    /// <summary>A POSIX shared memory object of the machine.</summary>
    System,

    /// <summary>Memory of a CUDA device.</summary>
    Cuda,
}

namespace InferenceServer.Core.SharedMemory;

/// <summary>Whether clients may register regions, and how many.</summary>
public sealed record SharedMemoryOptions
{
    /// <summary>True when clients may register and unregister regions.</summary>
    public bool AllowClients { get; init; }

    /// <summary>The most regions at a time. Each holds a file descriptor, or an allocation that a client has on a device.</summary>
    public int MaxRegions { get; init; } = 1024;

    /// <summary>The most bytes that all regions may have together. Registering them takes no memory.</summary>
    public long MaxBytes { get; init; } = 1L << 40;
}

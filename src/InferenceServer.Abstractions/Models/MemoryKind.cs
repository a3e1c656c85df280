namespace InferenceServer.Abstractions.Models;

/// <summary>The kinds of memory that a model may take.</summary>
public enum MemoryKind
{
    /// <summary>The processor's own.</summary>
    Cpu,

    /// <summary>The processor's own, pinned so that a device can reach it.</summary>
    CpuPinned,

    /// <summary>That of a GPU.</summary>
    Gpu,
}

namespace InferenceServer.Abstractions.Models;

/// <summary>The kind of device that an instance runs on.</summary>
public enum InstanceKind
{
    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>A CUDA device, named by its number.</summary>
    Gpu,

    /// <summary>As the backend sees fit.</summary>
    Model,
}

namespace InferenceServer.Abstractions.Models;

/// <summary>Where one instance (one lane) of a model is to run.</summary>
/// <param name="Name">The instance's name for logs, such as <c>digits_0</c>.</param>
/// <param name="Kind">The kind of device.</param>
/// <param name="DeviceId">The number of the device; 0 on the processor.</param>
public sealed record InstancePlacement(string Name, InstanceKind Kind, int DeviceId)
{
    /// <summary>The name of the group of instances that it belongs to, by which a configuration may speak of it; empty for none.</summary>
    public string Group { get; init; } = "";

    /// <summary>
    /// The processors that its threads are to keep to; null when they may run on any. The server sees to the thread that calls the instance, a backend to threads of its
    /// own.
    /// </summary>
    public ProcessorSet? Processors { get; init; }
}

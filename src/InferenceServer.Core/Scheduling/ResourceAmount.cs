namespace InferenceServer.Core.Scheduling;

/// <summary>So much of a resource.</summary>
/// <param name="Name">The resource.</param>
/// <param name="Device">The device that has it; null for all devices.</param>
/// <param name="Count">How much.</param>
public sealed record ResourceAmount(string Name, int? Device, int Count);

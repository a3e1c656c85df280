namespace InferenceServer.Core.Scheduling;

/// <summary>One supply of a resource.</summary>
/// <param name="Name">The resource; empty for the executions themselves.</param>
/// <param name="Device">The device that has it; -1 when all share it.</param>
internal readonly record struct ResourceKey(string Name, int Device);

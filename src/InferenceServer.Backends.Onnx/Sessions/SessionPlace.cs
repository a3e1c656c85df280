using InferenceServer.Abstractions.Models;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>What instances must have in common to share a session.</summary>
/// <param name="Gpu">The number of the GPU; null on the processor.</param>
/// <param name="Processors">The processors that its threads keep to; null when they may run on any.</param>
/// <param name="Group">Their group, where the configuration says of it alone what it runs on; null otherwise.</param>
internal readonly record struct SessionPlace(int? Gpu, ProcessorSet? Processors, string? Group);

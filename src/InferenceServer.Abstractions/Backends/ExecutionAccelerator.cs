using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Abstractions.Backends;

/// <summary>Something that a configuration wants parts of the model to run on (<c>optimization.execution_accelerators</c>).</summary>
/// <param name="Name">Its name there, such as <c>tensorrt</c> or <c>openvino</c>.</param>
/// <param name="Kind">The instances that it is for: those on GPUs or those on the processor.</param>
public sealed record ExecutionAccelerator(string Name, InstanceKind Kind)
{
    /// <summary>Its parameters, by key.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = ImmutableDictionary<string, string>.Empty;
}

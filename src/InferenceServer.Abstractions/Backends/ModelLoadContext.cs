using System.Collections.Immutable;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Abstractions.Backends;

/// <summary>Everything a backend is told about the version that it is to load.</summary>
public sealed record ModelLoadContext
{
    /// <summary>The model's name.</summary>
    public required string ModelName { get; init; }

    /// <summary>The version's number.</summary>
    public required long Version { get; init; }

    /// <summary>
    /// The model's file, absolute; null for a backend without a <see cref="BackendDescriptor.DefaultModelFilename"/>. It exists.
    /// </summary>
    public string? ModelFile { get; init; }

    /// <summary>The inputs that the configuration declares, as the model sees them (full shapes, after reshape); empty when it declares none.</summary>
    public ImmutableArray<TensorSpec> DeclaredInputs { get; init; } = [];

    /// <summary>The outputs that the configuration declares, as the model sees them; empty when it declares none.</summary>
    public ImmutableArray<TensorSpec> DeclaredOutputs { get; init; } = [];

    /// <summary>
    /// True when the configuration lets the model answer a request any number of times (<c>model_transaction_policy.decoupled</c>).
    /// </summary>
    public bool IsDecoupled { get; init; }

    /// <summary>The configuration's <c>parameters</c>, by key.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The server's settings for this backend (<c>--backend-config</c>), by key.</summary>
    public IReadOnlyDictionary<string, string> BackendSettings { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>
    /// How hard the engine may rewrite the model's graph, in Triton's numbers (<c>optimization.graph.level</c>):
    /// null or 0 everything, -1 basic, 1 extended, 2 nothing.
    /// </summary>
    public int? GraphOptimizationLevel { get; init; }

    /// <summary>
    /// Libraries with operators of the model's own, as its configuration names them (<c>model_operations.op_library_filename</c>); empty unless the backend <see cref="BackendDescriptor.LoadsOperatorLibraries"/>. A
    /// configuration may come from a client: it is for the backend to say which of them may be loaded.
    /// </summary>
    public ImmutableArray<string> OperatorLibraries { get; init; } = [];

    /// <summary>What parts of the model are to run on, the most wanted first; empty unless the backend <see cref="BackendDescriptor.RunsOnGpus"/>.</summary>
    public ImmutableArray<ExecutionAccelerator> Accelerators { get; init; } = [];

    /// <summary>
    /// Where instances are to run, those that come first in front, so that a backend whose weights belong to a device can bring them there at once; empty where that is not
    /// known. Others may follow later, there or elsewhere.
    /// </summary>
    public ImmutableArray<InstancePlacement> Placements { get; init; } = [];

    /// <summary>The processors that the process may use at once, from its CPU quota and affinity; at least 1.</summary>
    public int ProcessorCount { get; init; } = 1;

    /// <summary>
    /// True in a process that ends after the load, which is there to see whether the engine survives it (<c>trial_load</c> in <c>backend.json</c>): what might end the process
    /// later, such as the first run, is best done now.
    /// </summary>
    public bool IsTrial { get; init; }

    /// <summary>Where to say what an operator should know.</summary>
    public required IBackendLog Log { get; init; }
}

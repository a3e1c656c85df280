using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Configuration;

/// <summary>
/// What a model's configuration says, checked as far as that goes without the model: enough to have the backend load it. Immutable.
/// </summary>
public sealed class DeclaredModelConfig
{
    internal DeclaredModelConfig()
    {
    }

    /// <summary>The model's name.</summary>
    public required string Name { get; init; }

    /// <summary>The backend that is to load the model.</summary>
    public required BackendDescriptor Backend { get; init; }

    /// <summary>The file in each version's folder that holds the model; null for a backend that needs none.</summary>
    public string? ModelFilename { get; init; }

    /// <summary>Which versions are served.</summary>
    public VersionPolicy VersionPolicy { get; init; } = VersionPolicy.Default;

    /// <summary>The batch size that the file gives; null when it gives none, which differs from 0.</summary>
    public int? DeclaredMaxBatchSize { get; init; }

    /// <summary>
    /// The inputs that the file declares, those that the server makes among them, as the model sees them: after reshape, with -1 in front when the declared batch size is above
    /// 0. Empty when it declares none.
    /// </summary>
    public ImmutableArray<TensorSpec> ModelInputs { get; init; } = [];

    /// <summary>The outputs that the file declares, states among them, as the model sees them. Empty when it declares none.</summary>
    public ImmutableArray<TensorSpec> ModelOutputs { get; init; } = [];

    /// <summary>True when a request may be answered any number of times (<c>model_transaction_policy.decoupled</c>).</summary>
    public bool IsDecoupled { get; init; }

    /// <summary>True when the configuration says what the model's file is called.</summary>
    public bool NamesModelFile { get; init; }

    /// <summary>True when answers may be kept and given again (<c>response_cache.enable</c>).</summary>
    public bool UsesResponseCache { get; init; }

    /// <summary>The settings that only the backend reads, by key.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>When the model is in memory; null when the file does not say.</summary>
    public ModelResidency? Residency { get; init; }

    /// <summary>After how much time without a request the model leaves the memory, where it is loaded on demand; zero for never, null when the file does not say.</summary>
    public TimeSpan? IdleUnload { get; init; }

    /// <summary>How hard the engine may rewrite the graph, in Triton's numbers; null when the file does not say.</summary>
    public int? GraphOptimizationLevel { get; init; }

    /// <summary>Libraries with operators of the model's own, as the file names them.</summary>
    public ImmutableArray<string> OperatorLibraries { get; init; } = [];

    /// <summary>What parts of the model are to run on.</summary>
    public ImmutableArray<ExecutionAccelerator> Accelerators { get; init; } = [];

    /// <summary>The groups of instances, as far as the file gives them: one at least, unless it is an ensemble.</summary>
    public ImmutableArray<InstanceGroup> InstanceGroups { get; init; } = [];

    /// <summary>The steps of an ensemble; null for a model that a backend runs.</summary>
    internal EnsembleConfig? Ensemble { get; init; }

    /// <summary>The file as it was read.</summary>
    public required ModelConfigDocument Document { get; init; }

    /// <summary>What the file asks for that is accepted and has no effect here.</summary>
    public ImmutableArray<ConfigProblem> Warnings { get; init; } = [];
}

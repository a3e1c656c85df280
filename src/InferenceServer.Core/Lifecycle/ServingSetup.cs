using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Sequences;

namespace InferenceServer.Core.Lifecycle;

/// <summary>What a loaded version is served from.</summary>
/// <param name="Version">The version that was wanted.</param>
/// <param name="Config">Its configuration, completed.</param>
/// <param name="Model">Its weights.</param>
internal sealed record ServingSetup(AspiredVersion Version, ModelConfig Config, IBackendModel Model)
{
    /// <summary>The class labels of its outputs.</summary>
    public ImmutableDictionary<string, ClassLabels> Labels { get; init; } = ImmutableDictionary<string, ClassLabels>.Empty;

    /// <summary>The instances that get no requests.</summary>
    public IReadOnlyList<IModelInstance> PassiveInstances { get; init; } = [];

    /// <summary>What the keys of its cached answers begin with; empty when none are kept.</summary>
    public ImmutableArray<byte> CacheSeed { get; init; } = [];

    /// <summary>What stands for it in the keys of all answers that depend on it.</summary>
    public VersionSeed Seed { get; init; } = VersionSeed.None;

    /// <summary>What the states of its sequences hold when they begin.</summary>
    public ImmutableArray<InitialState> InitialStates { get; init; } = [];
}

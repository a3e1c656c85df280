using System.Collections.Immutable;
using InferenceServer.Core.Configuration.Rules;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Configuration;

/// <summary>
/// The configuration that a model is served by: what its file says, completed from the model itself and checked against it. Immutable.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The model's name.</summary>
    public required string Name { get; init; }

    /// <summary>The backend's name.</summary>
    public required string Backend { get; init; }

    /// <summary>The backend's older platform name; empty when it has none.</summary>
    public string Platform { get; init; } = "";

    /// <summary>The model's file in each version's folder; null for a backend that needs none.</summary>
    public string? ModelFilename { get; init; }

    /// <summary>The most rows in one execution; 0 for a model without a batch dimension.</summary>
    public int MaxBatchSize { get; init; }

    /// <summary>True when nobody has said how large executions may be: then several requests may have more rows together than <see cref="MaxBatchSize"/> allows to each.</summary>
    public bool HasGrowingBatches { get; init; }

    /// <summary>True when nobody has said how many instances there are to be: then what takes next to nothing may run beside the one that there is.</summary>
    public bool HasDefaultInstances { get; init; }

    /// <summary>True when the shapes have a batch dimension in front.</summary>
    public bool IsBatching => MaxBatchSize > 0;

    /// <summary>The inputs, in the order of the configuration, or of the model when the configuration leaves them out.</summary>
    public required ImmutableArray<ModelTensor> Inputs { get; init; }

    /// <summary>The outputs, in the order of the configuration, or of the model when the configuration leaves them out.</summary>
    public required ImmutableArray<ModelTensor> Outputs { get; init; }

    /// <summary>The inputs of the model that the server makes for each execution.</summary>
    public ImmutableArray<BatchInputConfig> BatchInputs { get; init; } = [];

    /// <summary>The outputs that are cut by the shapes of an input.</summary>
    public ImmutableArray<BatchOutputConfig> BatchOutputs { get; init; } = [];

    /// <summary>Which versions are served.</summary>
    public VersionPolicy VersionPolicy { get; init; } = VersionPolicy.Default;

    /// <summary>The lanes; at least one group, and none of an ensemble, which has no instances.</summary>
    public required ImmutableArray<InstanceGroup> InstanceGroups { get; init; }

    /// <summary>
    /// How requests are batched: as configured, or with the defaults for every model of <see cref="MaxBatchSize"/> above 1. Null when
    /// requests are not put together.
    /// </summary>
    public DynamicBatchingConfig? DynamicBatching { get; init; }

    /// <summary>How requests that belong together are scheduled; null for a model whose requests are independent of one another.</summary>
    public SequenceBatchingConfig? SequenceBatching { get; init; }

    /// <summary>True when a request may be answered any number of times (<c>model_transaction_policy.decoupled</c>).</summary>
    public bool IsDecoupled { get; init; }

    /// <summary>True when answers may be kept and given again (<c>response_cache.enable</c>).</summary>
    public bool UsesResponseCache { get; init; }

    /// <summary>The settings that only the backend reads, by key.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>What each instance runs before the version is ready, in the order of the configuration.</summary>
    public ImmutableArray<WarmupSample> Warmup { get; init; } = [];

    /// <summary>
    /// True when instances may run made-up inputs before the version is ready: there are no samples, answers do not go their own ways, and neither the backend nor
    /// the model's parameter <c>auto_warmup</c> is against it.
    /// </summary>
    public bool AllowsAutomaticWarmup { get; init; }

    /// <summary>Labels of the model's metrics, without the underscore that goes in front of their names there.</summary>
    public ImmutableSortedDictionary<string, string> MetricTags { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The bounds of the histogram of first responses in milliseconds, ascending.</summary>
    public ImmutableArray<double> FirstResponseBounds { get; init; } = LatencyHistogram.DefaultBounds;

    /// <summary>The bounds of the histograms of requests' times in milliseconds, ascending; default where the server's own hold.</summary>
    public ImmutableArray<double> DurationBounds { get; init; }

    /// <summary>What the configuration asks for that is accepted and has no effect here.</summary>
    public ImmutableArray<ConfigProblem> Warnings { get; init; } = [];

    /// <summary>The models that requests to an ensemble may lead to, those of nested ensembles among them; empty for every other model.</summary>
    internal ImmutableHashSet<string> StepModels { get; init; } = [];

    /// <summary>True for an ensemble with a step whose requests belong together.</summary>
    internal bool HasSequenceSteps { get; init; }

    /// <summary>True when an answer may depend on the requests before.</summary>
    internal bool RemembersRequests => SequenceBatching is not null || HasSequenceSteps;

    internal global::Inference.ModelConfig Message { get; init; } = new();

    /// <summary>
    /// The same as a message with every default filled in: what the protocols show, and what reads back to this configuration. A copy of
    /// its own for each caller.
    /// </summary>
    public global::Inference.ModelConfig ToMessage() => Message.Clone();

    /// <summary>The same under another name.</summary>
    internal ModelConfig WithName(string name)
    {
        var message = Message.Clone();
        message.Name = name;
        return this with { Name = name, Message = message };
    }

    /// <summary>The same under another version policy.</summary>
    internal ModelConfig With(VersionPolicy policy)
    {
        var message = Message.Clone();
        message.VersionPolicy = VersionPolicies.ToMessage(policy);
        return this with { VersionPolicy = policy, Message = message };
    }
}

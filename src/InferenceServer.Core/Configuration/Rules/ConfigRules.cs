using System.Collections.Immutable;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>Every rule that needs no model. Their order does not matter: problems are sorted by place.</summary>
internal static class ConfigRules
{
    public static ImmutableArray<IConfigRule> All { get; } =
    [
        new NameRule(),
        new BackendRule(),
        new ModelFilenameRule(),
        new MaxBatchSizeRule(),
        new TensorRule(),
        new ReshapeRule(),
        new DescribedTensorsRule(),
        new BatchTensorRule(),
        new DynamicBatchingRule(),
        new SequenceBatchingRule(),
        new SequenceControlRule(),
        new SequenceStateRule(),
        new SequenceNameRule(),
        new ResponseCacheRule(),
        new QueuePolicyRule(),
        new StarvationRule(),
        new LatencyTargetRule(),
        new InstanceGroupRule(),
        new RateLimiterRule(),
        new VersionPolicyRule(),
        new LabelFilenameRule(),
        new GraphLevelRule(),
        new AcceleratorRule(),
        new OperatorLibraryRule(),
        new WarmupRule(),
        new AutomaticWarmupRule(),
        new MetricTagsRule(),
        new ModelMetricsRule(),
        new ResidencyRule(),
        new EnsembleRule(),
        new EnsembleFlowRule(),
        new EnsembleParametersRule(),
        new UnusedFeatureRule(),
    ];
}

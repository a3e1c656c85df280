using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Ensembles;

/// <summary>What the requests of one version of an ensemble share.</summary>
internal sealed record EnsembleSetup
{
    public required EnsemblePlan Plan { get; init; }

    public required ModelConfig Config { get; init; }

    /// <summary>Where steps are asked for; looked up when the first request comes, since the engine itself serves ensembles.</summary>
    public required Func<InferenceEngine> Engine { get; init; }

    public required ITensorAllocator Allocator { get; init; }

    public required TimeProvider Time { get; init; }

    public required SchedulerOptions Options { get; init; }

    public required ModelStatistics Statistics { get; init; }

    public required ILogger Logger { get; init; }
}

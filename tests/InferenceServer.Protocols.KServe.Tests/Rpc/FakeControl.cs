using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Repository;
using InferenceServer.Protocols.KServe.Tests.Repository;
using InferenceServer.Core.Logging;
using InferenceServer.Core.Routing;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Tests.Aliases;
using InferenceServer.Protocols.KServe.Tests.Logging;
using InferenceServer.Protocols.KServe.Tests.Tracing;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>Says what a test has told it. The model <c>echo</c> is ready, <c>loading</c> is not, all others are unknown.</summary>
internal sealed class FakeControl(ISharedMemoryControl sharedMemory) : IModelControl
{
    public ServerIdentity Server { get; } = new("tested", "1.2.3");

    public volatile bool Live = true;

    public volatile bool Ready = true;

    public volatile string KnownModel = "echo";

    public ISharedMemoryControl SharedMemory => sharedMemory;

    public IAliasControl Aliases { get; init; } = FakeAliases.None();

    public bool IsLive => Live;

    public bool IsReady => Ready;

    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsStopping => _stopping.Task.IsCompleted;

    public Task Stopping => _stopping.Task;

    public void BeginStop() => _stopping.TrySetResult();

    public FakeLogControl Logs { get; } = new();

    public ILogControl Log => Logs;

    public FakeTraceControl Traces { get; } = new();

    public ITraceControl Tracing => Traces;

    /// <summary>Called while a probe is held up.</summary>
    public Action? DuringProbeHold { get; set; }

    public ValueTask WaitForStartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public bool IsModelReady(string modelName, string version, [NotNullWhen(false)] out InferenceError? error) => TryDescribe(modelName, version, out _, out error);

    public ValueTask<InferenceError?> WakeAsync(string modelName, string version, CancellationToken cancellationToken) => ValueTask.FromResult<InferenceError?>(null);

    public ValueTask WaitForProbeAsync(CancellationToken cancellationToken)
    {
        DuringProbeHold?.Invoke();
        return ValueTask.CompletedTask;
    }

    public ImmutableArray<ModelDescription> ListReady() => [new ModelDescription(3, [1, 3], FakeModel.Config)];

    public bool TryDescribe(string modelName, string version, [NotNullWhen(true)] out ModelDescription? description, [NotNullWhen(false)] out InferenceError? error)
    {
        description = null;
        error = modelName == "loading" ? new InferenceError(ErrorCode.Unavailable, "Request for unknown model: 'loading' version 1 is not at ready state")
            : modelName != KnownModel ? new InferenceError(ErrorCode.NotFound, $"Request for unknown model: '{modelName}' is not found")
            : version is "" or "3" ? null
            : new InferenceError(ErrorCode.InvalidArgument, $"failed to get model version from specified version string '{version}', version should be an integral value > 0");
        if (error is null)
        {
            description = new ModelDescription(3, ImmutableArray.Create(1L, 3L), FakeModel.Config);
        }

        return error is null;
    }

    /// <summary>What has been asked of the repository, and what it answers.</summary>
    public FakeRepository Repository { get; } = new();

    public Task<ImmutableArray<ModelIndexEntry>> ListModelsAsync(bool readyOnly) => Repository.ListAsync(readyOnly);

    public InferenceError? FindControlRefusal(string modelName) => Repository.Refusal;

    public Task<InferenceError?> LoadModelAsync(string modelName, ModelOverride? replacement, CancellationToken cancellationToken) => Repository.LoadAsync(modelName, replacement);

    public Task<InferenceError?> UnloadModelAsync(string modelName, bool withMembers, CancellationToken cancellationToken) => Repository.UnloadAsync(modelName);

    /// <summary>What the statistics of every question for the model <c>echo</c>, or for all models, are.</summary>
    public ImmutableArray<ModelStatisticsReport> Reports { get; set; } = [];

    public bool TryReadStatistics(string modelName, string version, out ImmutableArray<ModelStatisticsReport> reports, [NotNullWhen(false)] out InferenceError? error)
    {
        reports = Reports;
        error = modelName is "" || modelName == KnownModel ? null : new InferenceError(ErrorCode.InvalidArgument, $"requested model '{modelName}' version '{version}' is not available");
        return error is null;
    }
}

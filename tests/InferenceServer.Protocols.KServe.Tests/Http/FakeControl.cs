using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
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

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Describes what the catalog holds; live and ready as the test sets it.</summary>
internal sealed class FakeControl(ModelCatalog catalog, ISharedMemoryControl sharedMemory) : IModelControl
{
    public ServerIdentity Server { get; } = new("test \"server\"", "1.2.3");

    public ISharedMemoryControl SharedMemory => sharedMemory;

    public IAliasControl Aliases { get; init; } = FakeAliases.None();

    public bool IsLive { get; set; } = true;

    public bool IsReady { get; set; } = true;

    public bool IsStopping { get; set; }

    public Task Stopping { get; } = new TaskCompletionSource().Task;

    /// <summary>When set, descriptions fail with it.</summary>
    public Exception? Fault { get; set; }

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

    public ImmutableArray<ModelDescription> ListReady() =>
        [.. catalog.Current.Models.OrderBy(static model => model.Name, StringComparer.Ordinal).SelectMany(static model => model.Ready.Select(served => new ModelDescription(served.Version, [.. model.Ready.Select(static ready => ready.Version)], served.Config)))];

    public bool TryDescribe(string modelName, string version, [NotNullWhen(true)] out ModelDescription? description, [NotNullWhen(false)] out InferenceError? error)
    {
        description = null;
        if (Fault is not null)
        {
            throw Fault;
        }

        if (!catalog.TryFind(modelName, version, out var model, out error))
        {
            return false;
        }

        description = new ModelDescription(model.Version, [.. catalog.Current.Find(modelName)!.Ready.Select(static ready => ready.Version)], model.Config);
        return true;
    }

    /// <summary>What has been asked of the repository, and what it answers.</summary>
    public FakeRepository Repository { get; } = new();

    public Task<ImmutableArray<ModelIndexEntry>> ListModelsAsync(bool readyOnly) => Repository.ListAsync(readyOnly);

    public InferenceError? FindControlRefusal(string modelName) => Repository.Refusal;

    public Task<InferenceError?> LoadModelAsync(string modelName, ModelOverride? replacement, CancellationToken cancellationToken) => Repository.LoadAsync(modelName, replacement);

    public Task<InferenceError?> UnloadModelAsync(string modelName, bool withMembers, CancellationToken cancellationToken) => Repository.UnloadAsync(modelName);

    public bool TryReadStatistics(string modelName, string version, out ImmutableArray<ModelStatisticsReport> reports, [NotNullWhen(false)] out InferenceError? error) =>
        StatisticsReader.TryRead(catalog, modelName, version, out reports, out error);
}

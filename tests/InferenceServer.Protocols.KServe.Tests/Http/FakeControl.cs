using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Describes what the catalog holds; live and ready as the test sets it.</summary>
internal sealed class FakeControl(ModelCatalog catalog) : IModelControl
{
    public ServerIdentity Server { get; } = new("test \"server\"", "1.2.3");

    public bool IsLive { get; set; } = true;

    public bool IsReady { get; set; } = true;

    public bool IsStopping { get; set; }

    public Task Stopping { get; } = new TaskCompletionSource().Task;

    /// <summary>When set, descriptions fail with it.</summary>
    public Exception? Fault { get; set; }

    public ValueTask WaitForStartAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

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

    public bool TryReadStatistics(string modelName, string version, out ImmutableArray<ModelStatisticsReport> reports, [NotNullWhen(false)] out InferenceError? error) =>
        StatisticsReader.TryRead(catalog, modelName, version, out reports, out error);
}

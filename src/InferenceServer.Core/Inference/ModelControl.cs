using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Residency;
using InferenceServer.Core.Logging;
using InferenceServer.Core.Routing;
using InferenceServer.Core.Tracing;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Inference;

/// <summary>Answers the control plane's questions from the catalog and the lifecycle's statuses.</summary>
internal sealed class ModelControl(ModelCatalog catalog, IModelStatusSource statuses, ModelRepositoryControl repository, ServerPhase phase, TimeProvider time, CoreOptions options, ISharedMemoryControl sharedMemory) : IModelControl
{
    /// <summary>How long a probe is held up at most: Kubernetes gives one a second, and the answer must still get there.</summary>
    private static readonly TimeSpan s_probeHold = TimeSpan.FromMilliseconds(800);

    private volatile ReadyList _ready = new(ServingSnapshot.BeforeStart, []);

    public ServerIdentity Server => options.Identity;

    public bool IsLive => !phase.IsStopping;

    public bool IsLeaving => phase.IsLeaving;

    public bool IsStopping => phase.IsStopping;

    public Task Stopping => phase.Stopping;

    public required ILogControl Log { get; init; }

    public required ITraceControl Tracing { get; init; }

    /// <summary>The aliases.</summary>
    public required AliasRegistry Routing { get; init; }

    public IAliasControl Aliases => Routing;

    /// <summary>Where models that are loaded on demand are asked for; null where there are none such.</summary>
    public ColdStarts? ColdStarts { get; init; }

    public ISharedMemoryControl SharedMemory => sharedMemory;

    public bool IsReady => !phase.IsLeaving
        && statuses.FirstSettled.IsCompletedSuccessfully
        && (!options.StrictReadiness || IsEveryModelServed());

    public ValueTask WaitForStartAsync(CancellationToken cancellationToken) =>
        HoldAsync(options.StartupHold, cancellationToken);

    public ValueTask WaitForProbeAsync(CancellationToken cancellationToken) =>
        HoldAsync(options.StartupHold < s_probeHold ? options.StartupHold : s_probeHold, cancellationToken);

    public ImmutableArray<ModelDescription> ListReady()
    {
        var snapshot = catalog.Current;
        var list = _ready;
        if (!ReferenceEquals(list.Snapshot, snapshot))
        {
            _ready = list = new ReadyList(snapshot, Describe(snapshot));
        }

        return list.Models;
    }

    public bool TryDescribe(string modelName, string version, [NotNullWhen(true)] out ModelDescription? description, [NotNullWhen(false)] out InferenceError? error)
    {
        return Routing.FindRoute(modelName) is { } route
            ? AliasDescriber.TryDescribe(route, version, TryDescribeModel, out description, out error)
            : TryDescribeModel(modelName, version, out description, out error);
    }

    private bool TryDescribeModel(string modelName, string version, [NotNullWhen(true)] out ModelDescription? description, [NotNullWhen(false)] out InferenceError? error)
    {
        description = null;
        if (!catalog.TryFind(modelName, version, out var model, out var asleep, out error))
        {
            if (asleep is not { Config: { } config })
            {
                return false;
            }

            var all = catalog.Current.Find(modelName)?.OnDemand ?? [];
            description = new ModelDescription(asleep.Number, version.Length > 0 ? [asleep.Number] : [.. all.Select(static known => known.Number)], Show(config, modelName));
            error = null;
            return true;
        }

        // A client that names a version is told of that one alone.
        var shown = version.Length > 0 ? [model] : catalog.Current.Find(modelName)?.Ready ?? [model];
        description = new ModelDescription(model.Version, [.. shown.Select(static served => served.Version)], Show(model.Config, modelName));
        return true;
    }

    public bool IsModelReady(string modelName, string version, [NotNullWhen(false)] out InferenceError? error)
    {
        if (Routing.FindRoute(modelName) is { } route)
        {
            error = AliasDescriber.FindUnready(route, version, target => IsModelReady(target.Model, target.VersionText, out _));
            return error is null;
        }

        if (catalog.TryFind(modelName, version, out var served, out var asleep, out error))
        {
            error = phase.IsLeaving ? InferenceErrors.ServerStopping() : FindStall(served);
            return error is null;
        }

        if (asleep is null)
        {
            return false;
        }

        var reason = FindFailure(asleep.Model);
        error = reason is not null ? ResidencyErrors.LoadFailed(asleep.Model, reason) : phase.IsLeaving ? InferenceErrors.ServerStopping() : null;
        return error is null;
    }

    public async ValueTask<InferenceError?> WakeAsync(string modelName, string version, CancellationToken cancellationToken)
    {
        if (version.Length == 0 && Routing.FindRoute(modelName) is { } route)
        {
            // What describes the alias: where one of its targets is known already, nothing has to be loaded.
            return TryDescribe(modelName, version, out _, out _) ? null : await WakeAsync(route.Config.Stable.Model, route.Config.Stable.VersionText, cancellationToken).ConfigureAwait(false);
        }

        if (ColdStarts is null || phase.IsStopping || catalog.TryFind(modelName, version, out _, out var asleep, out _) || asleep is not { Config: null })
        {
            return null;
        }

        var outcome = await ColdStarts.AcquireAsync(asleep.Model, version, cancellationToken).ConfigureAwait(false);
        if (outcome.TryGet(out var lease, out var error))
        {
            lease.Dispose();
        }

        return error;
    }

    public Task<ImmutableArray<ModelIndexEntry>> ListModelsAsync(bool readyOnly) =>
        Task.Run(async () => AliasDescriber.AddTo(await repository.ListAsync(readyOnly).ConfigureAwait(false), Routing.List(), readyOnly));

    public string? FindRightsName(string modelName)
    {
        if (!catalog.UsesNamespaces || Routing.FindRoute(modelName) is not null || ModelNamespaces.TrySplit(modelName, out _, out _))
        {
            return modelName;
        }

        return catalog.Current.Find(modelName)?.Name;
    }

    public InferenceError? FindSettingsRefusal() => options.AllowsSettingChanges ? null : InferenceErrors.SettingChangesOff();

    // What reads the disk does so on a thread that no request is waiting for.
    public InferenceError? FindControlRefusal(string modelName) => repository.Check(modelName);

    public Task<InferenceError?> LoadModelAsync(string modelName, ModelOverride? replacement, CancellationToken cancellationToken) =>
        Task.Run(() => repository.LoadAsync(modelName, replacement), CancellationToken.None).WaitAsync(cancellationToken);

    public Task<InferenceError?> UnloadModelAsync(string modelName, bool withMembers, CancellationToken cancellationToken) => repository.UnloadAsync(modelName, withMembers).WaitAsync(cancellationToken);

    public bool TryReadStatistics(string modelName, string version, out ImmutableArray<ModelStatisticsReport> reports, [NotNullWhen(false)] out InferenceError? error) =>
        Routing.FindRoute(modelName) is { } route
            ? AliasDescriber.TryReadStatistics(route, catalog, version, out reports, out error)
            : StatisticsReader.TryRead(catalog, modelName, version, out reports, out error);

    /// <summary>
    /// True when of every model at least one version serves: a replacement that loads, or that has failed, beside a version that serves
    /// takes no traffic away from the server. What was unloaded on purpose does not count.
    /// </summary>
    /// <summary>Once the first models have settled, one more that loads takes nothing from those that serve, and so not the server's readiness.</summary>
    private bool IsEveryModelServed() => statuses.Statuses
        .Where(static status => status.State is not (ModelState.Draining or ModelState.Unloaded))
        .GroupBy(static status => status.Name, StringComparer.Ordinal)
        .All(model => model.All(static status => status.State is ModelState.New or ModelState.Loading or ModelState.Warming) || model.Any(status => status.State == ModelState.Asleep || (status.State == ModelState.Ready && (status.Served is null || FindStall(status.Served) is null))));

    private InferenceError? FindStall(ServedModel served) =>
        options.Scheduler.StallTimeout is { } limit && served.ReadStall() is var stall && stall >= limit ? InferenceErrors.Stalled(served.Name, served.Version, stall) : null;

    /// <summary>Why the last load of a model has failed; null when it has not.</summary>
    private string? FindFailure(string modelName) => statuses.Statuses.FirstOrDefault(status => status.Name == modelName && status.State == ModelState.Failed)?.Reason;

    /// <summary>A client that goes on with the name that it finds goes on with the one that it asked for.</summary>
    private static ModelConfig Show(ModelConfig config, string asked) => config.Name == asked ? config : config.WithName(asked);

    private static ImmutableArray<ModelDescription> Describe(ServingSnapshot snapshot) =>
    [
        .. snapshot.Models
            .OrderBy(static model => model.Name, StringComparer.Ordinal)
            .SelectMany(static model => model.Ready.Select(served => new ModelDescription(served.Version, [.. model.Ready.Select(static ready => ready.Version)], served.Config))),
    ];

    private ValueTask HoldAsync(TimeSpan longest, CancellationToken cancellationToken) =>
        statuses.FirstSettled.IsCompleted || phase.IsStopping ? ValueTask.CompletedTask : new ValueTask(WaitAsync(longest, cancellationToken));

    private async Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        try
        {
            // A server that stops must not be kept draining by questions that it will refuse anyway.
            await Task.WhenAny(statuses.FirstSettled, phase.Stopping).WaitAsync(longest, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The answer of the moment says that the model is still loading.
        }
    }

    /// <summary>What was listed, and of which moment.</summary>
    private sealed record ReadyList(ServingSnapshot Snapshot, ImmutableArray<ModelDescription> Models);
}

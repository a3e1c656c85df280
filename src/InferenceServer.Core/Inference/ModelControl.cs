using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Inference;

/// <summary>Answers the control plane's questions from the catalog and the lifecycle's statuses.</summary>
internal sealed class ModelControl(ModelCatalog catalog, IModelStatusSource statuses, ServerPhase phase, TimeProvider time, CoreOptions options) : IModelControl
{
    public ServerIdentity Server => options.Identity;

    public bool IsLive => !phase.IsStopping;

    public bool IsStopping => phase.IsStopping;

    public Task Stopping => phase.Stopping;

    public bool IsReady => !phase.IsStopping
        && statuses.FirstSettled.IsCompletedSuccessfully
        && (!options.StrictReadiness || IsEveryModelServed());

    public ValueTask WaitForStartAsync(CancellationToken cancellationToken) =>
        statuses.FirstSettled.IsCompleted ? ValueTask.CompletedTask : new ValueTask(HoldAsync(cancellationToken));

    public bool TryDescribe(string modelName, string version, [NotNullWhen(true)] out ModelDescription? description, [NotNullWhen(false)] out InferenceError? error)
    {
        description = null;
        if (!catalog.TryFind(modelName, version, out var model, out error))
        {
            return false;
        }

        // A client that names a version is told of that one alone.
        var shown = version.Length > 0 ? [model] : catalog.Current.Find(modelName)?.Ready ?? [model];
        description = new ModelDescription(model.Version, [.. shown.Select(static served => served.Version)], model.Config);
        return true;
    }

    public bool TryReadStatistics(string modelName, string version, out ImmutableArray<ModelStatisticsReport> reports, [NotNullWhen(false)] out InferenceError? error) =>
        StatisticsReader.TryRead(catalog, modelName, version, out reports, out error);

    /// <summary>
    /// True when of every model at least one version serves: a replacement that loads, or that has failed, beside a version that serves
    /// takes no traffic away from the server.
    /// </summary>
    private bool IsEveryModelServed() => statuses.Statuses
        .Where(static status => status.State != ModelState.Draining)
        .GroupBy(static status => status.Name, StringComparer.Ordinal)
        .All(static model => model.Any(static status => status.State == ModelState.Ready));

    private async Task HoldAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A server that stops must not be kept draining by questions that it will refuse anyway.
            await Task.WhenAny(statuses.FirstSettled, phase.Stopping).WaitAsync(options.StartupHold, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The answer of the moment says that the model is still loading.
        }
    }
}

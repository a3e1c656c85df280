using System.Collections.Immutable;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Residency;
using InferenceServer.Host.Metrics;
using InferenceServer.Host.Options;
using InferenceServer.Microbenchmarks.Messages;
using InferenceServer.Microbenchmarks.Scheduling;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Telemetry;

/// <summary>The metrics of some models, written once.</summary>
internal sealed class ScrapeStage : IAsyncStage, IDisposable, IModelStatusSource
{
    private readonly StagedModel[] _models;
    private readonly ModelMetrics _metrics;
    private readonly SinkWriter _sink = new();

    public ScrapeStage(int models)
    {
        _models = [.. Enumerable.Range(0, models).Select(static i => new StagedModel(name: $"model{i}"))];
        Statuses = [.. _models.Select(static model => new ModelStatus { Name = model.Served.Name, Version = 1, State = ModelState.Ready, Backend = "none", Served = model.Served })];
        _metrics = new ModelMetrics(this, new MetricsOptions());
    }

    public ImmutableArray<ModelStatus> Statuses { get; }

    public ImmutableArray<ModelLoadCount> LoadCounts => [];

    public ImmutableArray<ModelResidencyCount> ResidencyCounts => [];

    public Task FirstSettled => Task.CompletedTask;

    public async Task RunAsync()
    {
        var text = new MetricsText();
        foreach (var section in _metrics.Sections())
        {
            section(text);
            if (text.IsLong)
            {
                await text.FlushAsync(_sink, CancellationToken.None);
            }
        }

        await text.FlushAsync(_sink, CancellationToken.None);
    }

    public void Dispose() => Array.ForEach(_models, static model => model.Dispose());
}

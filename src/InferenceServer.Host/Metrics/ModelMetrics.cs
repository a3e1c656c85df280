using System.Collections.Immutable;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Host.Options;

namespace InferenceServer.Host.Metrics;

/// <summary>
/// Shows the models' counters to Prometheus. The request path knows nothing of it: the values are read from the models when somebody
/// scrapes, so that the series of a version come with its load, at 0, and go with its unload.
/// </summary>
internal sealed class ModelMetrics(IModelStatusSource source, MetricsOptions options)
{
    private readonly ImmutableArray<ModelFamily> _families = ModelFamilies.Of(options);

    public void Write(MetricsText text)
    {
        WriteLoads(text);
        WriteResidency(text);
        var shown = Shown();
        if (shown.Count == 0)
        {
            return;
        }

        foreach (var family in _families)
        {
            ShownModel[] having = [.. shown.Where(family.Applies)];
            if (having.Length == 0)
            {
                continue;
            }

            text.Begin(family.Name, family.Type, family.Help);
            foreach (var model in having)
            {
                family.Write(text, model);
            }
        }
    }

    private void WriteLoads(MetricsText text)
    {
        const string Name = "inference_server_model_load_total";
        text.Begin(Name, MetricType.Counter, "Loads of versions since the start, and refused configurations, by result.");
        foreach (var count in source.LoadCounts)
        {
            var model = ModelLabels.Of(count.Model, options.UsesNamespaces);
            text.Sample(Name, $"{model},{MetricsText.Label("result", "success")}", count.Succeeded);
            text.Sample(Name, $"{model},{MetricsText.Label("result", "failure")}", count.Failed);
        }
    }

    private void WriteResidency(MetricsText text)
    {
        const string ColdStarts = "inference_server_model_cold_start_total";
        const string Evictions = "inference_server_model_eviction_total";
        var counts = source.ResidencyCounts;
        text.Begin(ColdStarts, MetricType.Counter, "Loads of models that a request has caused.");
        foreach (var count in counts)
        {
            text.Sample(ColdStarts, ModelLabels.Of(count.Model, options.UsesNamespaces), count.ColdStarts);
        }

        text.Begin(Evictions, MetricType.Counter, "Times that a model has left the memory although it is wanted, by reason.");
        foreach (var count in counts)
        {
            var model = ModelLabels.Of(count.Model, options.UsesNamespaces);
            text.Sample(Evictions, $"{model},{MetricsText.Label("reason", "memory")}", count.ForMemory);
            text.Sample(Evictions, $"{model},{MetricsText.Label("reason", "idle")}", count.ForIdleness);
        }
    }

    /// <summary>The versions that are loaded. Of two under one number the one that drains has been replaced, and the other one is shown.</summary>
    private List<ShownModel> Shown()
    {
        var shown = new List<ShownModel>();
        foreach (var versions in source.Statuses.Where(static status => status.Served is not null).GroupBy(static status => (status.Name, status.Version)))
        {
            var status = versions.LastOrDefault(static status => status.State == ModelState.Ready) ?? versions.Last();
            shown.Add(new ShownModel(status.Served!, status.LoadDuration, options.UsesNamespaces));
        }

        return shown;
    }
}

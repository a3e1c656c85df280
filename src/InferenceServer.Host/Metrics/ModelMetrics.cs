using System.Collections.Immutable;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Host.Options;

namespace InferenceServer.Host.Metrics;

/// <summary>
/// Shows the models' counters to Prometheus. The request path knows nothing of it: the values are read from the models when somebody
/// scrapes, so that the series of a version come with its load, at 0, and go with its unload.
/// </summary>
internal sealed class ModelMetrics(IModelStatusSource source, MetricsOptions options) : IMetricsSource
{
    private readonly ImmutableArray<ModelFamily> _families = ModelFamilies.Of(options);

    public IEnumerable<Action<MetricsText>> Sections()
    {
        yield return WriteLoads;
        yield return WriteResidency;
        var shown = Shown();
        foreach (var family in _families)
        {
            ShownModel[] having = [.. shown.Where(family.Applies)];
            if (having.Length == 0)
            {
                continue;
            }

            yield return text => text.Begin(family.Name, family.Type, family.Help);
            foreach (var model in having)
            {
                yield return text => family.Write(text, model);
            }
        }
    }

    private void WriteLoads(MetricsText text)
    {
        const string Name = "inference_server_model_load_total";
        const string Loads = "inference_server_model_load_duration_seconds";
        const string Unloads = "inference_server_model_unload_duration_seconds";
        var counts = source.LoadCounts;
        text.Begin(Name, MetricType.Counter, "Loads of versions since the start, and refused configurations, by result.");
        foreach (var count in counts)
        {
            text.Sample(Name, Labels(count, "success"), count.Succeeded);
            text.Sample(Name, Labels(count, "failure"), count.Failed);
        }

        text.Begin(Loads, MetricType.Histogram, "How long loads took, by result, in seconds.");
        foreach (var count in counts)
        {
            HistogramSamples.WriteSeconds(text, Loads, Labels(count, "success"), count.LoadDurations);
            HistogramSamples.WriteSeconds(text, Loads, Labels(count, "failure"), count.FailedLoadDurations);
        }

        text.Begin(Unloads, MetricType.Histogram, "How long it took until nobody used a version any more and its memory was given back, in seconds.");
        foreach (var count in counts)
        {
            HistogramSamples.WriteSeconds(text, Unloads, ModelLabels.Of(count.Model, options.UsesNamespaces), count.UnloadDurations);
        }
    }

    private string Labels(ModelLoadCount count, string result) => $"{ModelLabels.Of(count.Model, options.UsesNamespaces)},{MetricsText.Label("result", result)}";

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

using System.Text;
using InferenceServer.Core.Lifecycle;
using Prometheus;

namespace InferenceServer.Host.Metrics;

/// <summary>Answers a scrape: the models, the machine, and the process itself.</summary>
/// <param name="source">Tells when the first models have settled.</param>
/// <param name="models">The models.</param>
/// <param name="cache">The response cache.</param>
/// <param name="aliases">The aliases.</param>
/// <param name="machine">The machine; null when it is not to be shown.</param>
/// <param name="process">What prometheus-net tells of the process.</param>
/// <param name="time">The clock.</param>
internal sealed class MetricsEndpoint(IModelStatusSource source, ModelMetrics models, CacheMetrics cache, AliasMetrics aliases, MachineMetrics? machine, CollectorRegistry process, TimeProvider time)
{
    /// <summary>
    /// How long a scrape is held up while the first models load, so that the first one finds their series; it is well below what
    /// Prometheus waits for. What loads for longer is scraped without them.
    /// </summary>
    internal static readonly TimeSpan StartupHold = TimeSpan.FromSeconds(5);

    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public async Task HandleAsync(HttpContext context)
    {
        await HoldAsync(context.RequestAborted);
        var text = new MetricsText();
        models.Write(text);
        cache.Write(text);
        aliases.Write(text);
        machine?.Write(text);
        context.Response.ContentType = ContentType;
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), context.RequestAborted);
        await process.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
    }

    private async ValueTask HoldAsync(CancellationToken cancellationToken)
    {
        if (source.FirstSettled.IsCompleted)
        {
            return;
        }

        try
        {
            await source.FirstSettled.WaitAsync(StartupHold, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The scrape of the moment has no series of what still loads.
        }
    }
}

using System.Collections.Immutable;
using InferenceServer.Core.Lifecycle;
using Prometheus;

namespace InferenceServer.Host.Metrics;

/// <summary>Answers a scrape: the server, its models, the machine, and the process itself.</summary>
/// <param name="source">Tells when the first models have settled.</param>
/// <param name="metrics">What is shown, in this order.</param>
/// <param name="process">What prometheus-net tells of the process.</param>
/// <param name="time">The clock.</param>
internal sealed class MetricsEndpoint(IModelStatusSource source, ImmutableArray<IMetricsSource> metrics, CollectorRegistry process, TimeProvider time)
{
    /// <summary>
    /// How long a scrape is held up while the first models load, so that the first one finds their series; it is well below what
    /// Prometheus waits for. What loads for longer is scraped without them.
    /// </summary>
    internal static readonly TimeSpan StartupHold = TimeSpan.FromSeconds(5);

    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    // What tells of the process takes a while to be made, and nobody needs it before somebody asks.
    private readonly Lazy<CollectorRegistry> _process = new(() =>
    {
        DotNetStats.Register(process);
        return process;
    });

    public async Task HandleAsync(HttpContext context)
    {
        await HoldAsync(context.RequestAborted);
        context.Response.ContentType = ContentType;
        var text = new MetricsText();
        foreach (var section in metrics.SelectMany(static metrics => metrics.Sections()))
        {
            section(text);
            if (text.IsLong)
            {
                // A thousand models have megabytes of series: a scrape must not take memory for all of them at once.
                await text.FlushAsync(context.Response.BodyWriter, context.RequestAborted);
            }
        }

        await text.FlushAsync(context.Response.BodyWriter, context.RequestAborted);
        await _process.Value.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
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

using InferenceServer.Core.Telemetry;
using InferenceServer.Core.Tracing;
using InferenceServer.Host.Options;
using InferenceServer.Host.Startup;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace InferenceServer.Host.Exporters;

/// <summary>Has spans and metrics sent to a collector, by OpenTelemetry's own library and as its standard variables say. Where there is none, nothing of it is there.</summary>
internal static class OpenTelemetrySetup
{
    private const string Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

    public static void AddOpenTelemetry(this WebApplicationBuilder builder, ServerOptions options)
    {
        // Apart, so that a server without a collector does not load the library.
        if (options.OpenTelemetry.Traces || options.OpenTelemetry.Metrics)
        {
            Add(builder, options, options.OpenTelemetry);
        }
    }

    private static void Add(WebApplicationBuilder builder, ServerOptions options, OpenTelemetryOptions wanted)
    {
        // The library looks for its variables here.
        builder.Configuration.AddInMemoryCollection(wanted.Variables.Select(static pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)));
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => Describe(resource, options));
        if (wanted.Traces)
        {
            // Which requests are traced has been decided before they have spans.
            telemetry.WithTracing(tracing => tracing
                .AddSource(SpanOptions.SourceName)
                .SetSampler(new AlwaysOnSampler())
                .AddOtlpExporter(exporter => Configure(exporter, wanted, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")));
        }

        if (wanted.Metrics)
        {
            telemetry.WithMetrics(metrics => metrics
                .AddMeter(ServerMeter.Name, "System.Runtime", "Microsoft.AspNetCore.Server.Kestrel")
                .AddView(static instrument => instrument.Meter.Name == ServerMeter.Name && instrument is System.Diagnostics.Metrics.Histogram<double>
                    ? new ExplicitBucketHistogramConfiguration { Boundaries = [.. RequestDurations.DefaultBounds.Select(static bound => bound / 1000)] }
                    : null)
                .AddOtlpExporter((exporter, _) => Configure(exporter, wanted, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")));
        }
    }

    /// <summary>The library reads the variables that hold for all signals; those of one signal go before them (OpenTelemetry Protocol Exporter, Configuration Options).</summary>
    private static void Configure(OtlpExporterOptions exporter, OpenTelemetryOptions wanted, string protocol, string endpoint)
    {
        if ((wanted.Variables.GetValueOrDefault(protocol) ?? wanted.Variables.GetValueOrDefault(Protocol)) is { } named)
        {
            exporter.Protocol = named == "http/protobuf" ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        }

        if (wanted.Variables.GetValueOrDefault(endpoint) is { } address)
        {
            exporter.Endpoint = new Uri(address);
        }
    }

    private static void Describe(ResourceBuilder resource, ServerOptions options)
    {
        // What the variables say goes before it.
        resource.Clear()
            .AddService(options.Id, serviceVersion: ServerHost.Version, serviceInstanceId: $"{Environment.MachineName}:{Environment.ProcessId}")
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
    }
}

using System.Diagnostics.Metrics;

namespace InferenceServer.Core.Telemetry;

/// <summary>What the server measures for whoever listens to .NET meters, <c>dotnet-counters</c> and OpenTelemetry among them. Nobody listening, it costs a comparison.</summary>
public sealed class ServerMeter : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "InferenceServer";

    /// <summary>A meter for versions that nobody measures.</summary>
    internal static ServerMeter Unheard { get; } = new();

    /// <summary>The meter itself, for further instruments.</summary>
    public Meter Meter { get; } = new(Name);

    /// <summary>Makes the meter.</summary>
    public ServerMeter()
    {
        RequestDuration = Meter.CreateHistogram<double>("inference_server.request.duration", "s", "Time from a request's coming until its answer has left.");
        PhaseDuration = Meter.CreateHistogram<double>("inference_server.request.phase.duration", "s", "The parts of a request's time.");
    }

    internal Histogram<double> RequestDuration { get; }

    internal Histogram<double> PhaseDuration { get; }

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();
}

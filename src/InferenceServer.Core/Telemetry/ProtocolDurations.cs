using System.Collections.Immutable;

namespace InferenceServer.Core.Telemetry;

/// <summary>How long requests took that came to one version by one protocol, and the parts of that.</summary>
public sealed class ProtocolDurations
{
    private readonly MeasuredDuration _request;
    private readonly MeasuredDuration[] _phases;

    internal ProtocolDurations(ImmutableArray<double> bounds, ServerMeter meter, IReadOnlyList<KeyValuePair<string, object?>> tags)
    {
        _request = new MeasuredDuration(bounds, meter.RequestDuration, [.. tags]);
        _phases = [.. RequestPhases.All.Select(phase => new MeasuredDuration(bounds, meter.PhaseDuration, [.. tags, new("phase", RequestPhases.NameOf(phase))]))];
    }

    /// <summary>From a request's coming until its answer has left.</summary>
    public LatencyHistogram Request => _request.Histogram;

    /// <summary>One of the parts.</summary>
    public LatencyHistogram Of(RequestPhase phase) => _phases[(int)phase].Histogram;

    /// <summary>The answer of a request has left.</summary>
    internal void ObserveAnswer(TimeSpan total, TimeSpan serialised)
    {
        _request.Observe(total);
        _phases[(int)RequestPhase.Serialise].Observe(serialised);
    }

    /// <summary>A request has been run.</summary>
    internal void ObserveExecution(TimeSpan queued, in ExecutionTimes times)
    {
        _phases[(int)RequestPhase.Queue].Observe(queued);
        _phases[(int)RequestPhase.Assembly].Observe(times.Input);
        _phases[(int)RequestPhase.Compute].Observe(times.Infer);
        _phases[(int)RequestPhase.Output].Observe(times.Output);
    }
}

using System.Globalization;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Load;

/// <summary>What one point gave. Times in milliseconds but where the name says otherwise.</summary>
internal sealed record PointResult
{
    /// <summary>The part of requests sent late from which on the generator, and not the server, shapes the load.</summary>
    public const double DistortedShare = 0.01;

    /// <summary>The part of all processors from which on the client itself is what limits.</summary>
    public const double BusyShare = 0.85;

    private const double KeptShare = 0.95;
    private const int OnTheirWay = 3;

    /// <summary>Answers within the measured time.</summary>
    public required long Requests { get; init; }

    /// <summary>The measured time.</summary>
    public required double Seconds { get; init; }

    /// <summary>From when requests were due to their last responses.</summary>
    public required LatencyFigures Latency { get; init; }

    public double ClientCpuMicrosecondsPerRequest { get; init; }

    /// <summary>The part of all processors that this process took.</summary>
    public double ClientCpuShare { get; init; }

    /// <summary>Failures of requests that were due in the measured time, by kind, the most frequent first.</summary>
    public IReadOnlyList<ErrorCount> ErrorKinds { get; init; } = [];

    /// <summary>Failures before it.</summary>
    public IReadOnlyList<ErrorCount> WarmUpErrorKinds { get; init; } = [];

    public double Rows { get; init; } = 1;

    public double SentBytesPerSecond { get; init; }

    public double ReceivedBytesPerSecond { get; init; }

    public int Connections { get; init; }

    public long Reconnects { get; init; }

    /// <summary>Requests of an open loop that were sent more than a millisecond after they were due.</summary>
    public long Late { get; init; }

    /// <summary>Those of them that were due while no connection was free.</summary>
    public long Starved { get; init; }

    /// <summary>How long after they were due requests were sent; null for a closed loop.</summary>
    public LatencyFigures? Lag { get; init; }

    /// <summary>Whether so many requests were late for want of a connection that the load was not the one asked for.</summary>
    public bool IsDistorted { get; init; }

    /// <summary>Whether so many were late although there were connections: the client did not keep up.</summary>
    public bool IsBehind => Late - Starved > DistortedShare * Latency.Count;

    /// <summary>From when requests were due to their first responses; null where each has one.</summary>
    public LatencyFigures? FirstResponse { get; init; }

    /// <summary>The mean time between the responses of each request; null where none has several.</summary>
    public LatencyFigures? Gap { get; init; }

    /// <summary>Responses to a request, on the average.</summary>
    public double ResponsesPerRequest { get; init; } = 1;

    /// <summary>The windows of the warm-up.</summary>
    public IReadOnlyList<WindowFigures> Windows { get; init; } = [];

    /// <summary>Whether the last windows were alike; null when they were not compared.</summary>
    public bool? IsStable { get; init; }

    /// <summary>Whether it was ended before its time.</summary>
    public bool IsCutShort { get; init; }

    /// <summary>What the server says of the same time; null when it says nothing.</summary>
    public ServerFigures? Server { get; init; }

    public double RequestsPerSecond => Seconds > 0 ? Requests / Seconds : 0;

    /// <summary>Whether answers came as fast as requests were due, but for the few that are on their way at either end.</summary>
    public bool KeepsUp => Requests >= (KeptShare * (Latency.Count + ErrorKinds.Sum(static one => one.Count))) - OnTheirWay;

    public double InferencesPerSecond => RequestsPerSecond * Rows;

    public double P50 => Latency.At(50);

    public double P90 => Latency.At(90);

    public double P99 => Latency.At(99);

    public double Max => Latency.Max;

    public long Errors => WarmUpErrorKinds.Sum(static one => one.Count) + ErrorKinds.Sum(static one => one.Count);

    public string? FirstError => ErrorKinds.Concat(WarmUpErrorKinds).FirstOrDefault()?.ToString();

    /// <summary>Whether the client had next to no processor time left.</summary>
    public bool IsClientBusy => ClientCpuShare >= BusyShare;

    /// <summary>The result on one line.</summary>
    public override string ToString()
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{RequestsPerSecond:0.0} req/s, p50 {P50:0.000} ms, p90 {P90:0.000} ms, p99 {P99:0.000} ms, max {Max:0.000} ms, client CPU {ClientCpuMicrosecondsPerRequest:0.0} us/req, errors {Errors}");
        return FirstError is null ? line : $"{line} ({FirstError})";
    }
}

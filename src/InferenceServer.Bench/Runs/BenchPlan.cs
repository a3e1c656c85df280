using System.Text.Json;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Inputs;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.SharedMemory;

namespace InferenceServer.Bench.Runs;

/// <summary>What is measured, and how.</summary>
internal sealed record BenchPlan
{
    private static readonly double[] s_usual = [50, 90, 95, 99, 99.9];

    public required string Model { get; init; }

    /// <summary>Null for the version that the server chooses.</summary>
    public string? Version { get; init; }

    /// <summary>One server, or two that are held against each other.</summary>
    public required IReadOnlyList<LoadTarget> Servers { get; init; }

    /// <summary>Measured in this order in every round.</summary>
    public required IReadOnlyList<WireEncoding> Encodings { get; init; }

    /// <summary>Measured in this order for every encoding; a sweep begins with the first.</summary>
    public required IReadOnlyList<LoadLevel> Loads { get; init; }

    /// <summary>Null where there is no sweep.</summary>
    public SweepPlan? Sweep { get; init; }

    /// <summary>The percentile of the latencies that decides: whether the warm-up is stable, and what a target is for.</summary>
    public required double Percentile { get; init; }

    /// <summary>Those that are shown: the usual ones and the one that decides.</summary>
    public IReadOnlyList<double> Percentiles => [.. s_usual.Append(Percentile).Distinct().Order()];

    /// <summary>Every round measures every point once on each server.</summary>
    public required int Rounds { get; init; }

    /// <summary>Before a point is measured for the first time.</summary>
    public required WarmUpPlan WarmUp { get; init; }

    /// <summary>How long a point is measured.</summary>
    public required TimeSpan Measure { get; init; }

    public required ConnectionSettings Settings { get; init; }

    public required InputOptions Inputs { get; init; }

    /// <summary>A file with recorded inputs; null for random ones.</summary>
    public string? InputData { get; init; }

    public IReadOnlyList<KeyValuePair<string, JsonElement>> Parameters { get; init; } = [];

    /// <summary>Whether every answer is held against the first to the same request, and those of two servers against each other.</summary>
    public bool ChecksAnswers { get; init; }

    /// <summary>Null for tensors in the messages.</summary>
    public SharedMemoryPlan? SharedMemory { get; init; }

    /// <summary>How a server is called where there are two; empty where there is one.</summary>
    public string ServerName(WireEncoding encoding, int server) => Servers.Count == 1 ? "" : FormattableString.Invariant($"{server + 1}: {Servers[server].For(encoding)}");
}

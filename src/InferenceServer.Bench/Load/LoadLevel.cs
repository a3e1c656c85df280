using System.Globalization;

namespace InferenceServer.Bench.Load;

/// <summary>How much load there is. In a closed loop each connection sends its next request when the last answer is there; in an open one requests are due at times that no answer changes.</summary>
/// <param name="Connections">How many connections send, in a closed loop; how many there are at first, in an open one.</param>
/// <param name="InFlight">Requests in flight on a connection; more than 1 on streams alone.</param>
/// <param name="Rate">Requests due in a second; null for a closed loop.</param>
/// <param name="IsPoisson">Whether the times between requests of an open loop are random, as those of many independent clients are, and not all the same.</param>
/// <param name="MaxConnections">How many connections an open loop may have.</param>
/// <param name="Seed">Makes the random times the same again.</param>
internal sealed record LoadLevel(int Connections, int InFlight = 1, double? Rate = null, bool IsPoisson = true, int MaxConnections = 1, int Seed = 1)
{
    /// <summary>
    /// How many threads serve the connections of a closed loop over HTTP, each its own by turns; 0 for a thread each. With thousands of threads it would be their switching that is measured. An answer then waits for
    /// its turn to be read, which is in the latencies.
    /// </summary>
    public int Threads { get; init; }


    // More are opened as soon as a request is due while all are busy.
    private const int FirstConnections = 4;

    /// <summary>Connections of a closed loop, requests a second of an open one.</summary>
    public double Amount => Rate ?? Connections;

    /// <summary>How many requests are in flight at most.</summary>
    public int MostInFlight => (Rate is null ? Connections : MaxConnections) * InFlight;

    public static LoadLevel Closed(int connections, int inFlight = 1) => new(connections, inFlight);

    public static LoadLevel Open(double rate, bool isPoisson, int inFlight, int maxConnections, int seed) =>
        new(Math.Min(maxConnections, FirstConnections), inFlight, rate, isPoisson, maxConnections, seed);

    /// <summary>The same load to another amount.</summary>
    public LoadLevel WithAmount(double amount) => Rate is null ? this with { Connections = (int)Math.Round(amount) } : this with { Rate = amount };

    public override string ToString() => Rate is { } rate
        ? string.Create(CultureInfo.InvariantCulture, $"{rate:0.##}/s")
        : string.Create(CultureInfo.InvariantCulture, $"x{Connections}");
}

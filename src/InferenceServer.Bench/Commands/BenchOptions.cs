using System.CommandLine;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.Commands;

/// <summary>The options of <c>bench</c>.</summary>
internal sealed class BenchOptions
{
    private const int MaxConnectionsAllowed = 4096;

    public Argument<string> Model { get; } = new("model") { Description = "The model to ask" };

    public Option<string?> ModelVersion { get; } = Text("--model-version", "The version of the model; the server chooses without it");

    public Option<string?> Url { get; } = new("--url") { Description = "Where the server listens for HTTP: host, host:port, http://host:port or https://host:port", DefaultValueFactory = static _ => "localhost:8000" };

    public Option<string?> GrpcUrl { get; } = Text("--grpc-url", "Where it listens for gRPC; port 8001 of the same host without it");

    public Option<string?> Compare { get; } = Text("--compare", "A second server, measured in turns with the first");

    public Option<string?> CompareGrpcUrl { get; } = Text("--compare-grpc-url", "Where the second one listens for gRPC; port 8001 of its host without it");

    public Option<IReadOnlyList<WireEncoding>> Encodings { get; } = CheckedOption.Encodings(
        "--encoding", "json, binary, grpc, stream, separated by commas", [WireEncoding.Json], [WireEncoding.Json, WireEncoding.Binary, WireEncoding.Grpc, WireEncoding.Stream]);

    public Option<IReadOnlyList<int>> Connections { get; } = CheckedOption.WholeList(
        "--connections", $"Closed loop: numbers of connections from 1 to {MaxConnectionsAllowed}, each of which sends its next request when the last answer is there", [1, 8, 32], 1, MaxConnectionsAllowed);

    public Option<int> InFlight { get; } = CheckedOption.Whole("--in-flight", "Requests in flight on each stream, for the encoding stream", 1, 1, 1024);

    public Option<IReadOnlyList<double>> Rates { get; } = RateOption.Make("--rate");

    public Option<string> Arrivals { get; } = new Option<string>("--arrivals") { Description = "Times between the requests of an open loop", DefaultValueFactory = static _ => "poisson" }.AcceptOnlyFromAmong("poisson", "constant");

    public Option<int> MaxConnections { get; } = CheckedOption.Whole("--max-connections", "Most connections of an open loop, and of a sweep", 128, 1, MaxConnectionsAllowed);

    public Option<double> Seconds { get; } = CheckedOption.Seconds("--seconds", "Measured time of each point", 5, 0.05, 3600);

    public Option<double> Window { get; } = CheckedOption.Seconds("--window", "Length of a window of the warm-up; 0 for no warm-up", 1, 0, 600);

    public Option<int> MaxWindows { get; } = CheckedOption.Whole("--max-windows", "Windows of the warm-up after which a point is measured although it is not stable", 10, 1, 1000);

    public Option<double> Stability { get; } = CheckedOption.Number("--stability", "How far the throughput and the percentile of the last three windows may lie from their mean, in percent", 10, 0.1, 1000);

    public Option<int> Rounds { get; } = CheckedOption.Whole("--rounds", "Rounds the medians are taken over; 5 with --compare and 1 without, unless it is given", 1, 1, 1000);

    public Option<double> Percentile { get; } = CheckedOption.Number("--percentile", "The percentile that decides whether the warm-up is stable, and that --latency-target-ms is for", 99, 1, 99.999);

    public Option<bool> Sweep { get; } = new("--sweep") { Description = "Doubles the load from the first of --connections or --rate on, finds the knee and, with --latency-target-ms, the largest load that meets it" };

    public Option<double?> LatencyTarget { get; } = new("--latency-target-ms") { Description = "The latency that the percentile must not exceed, for --sweep" };

    public Option<double> MaxRate { get; } = CheckedOption.Number("--max-rate", "The largest rate of a sweep", 1_000_000, 0.01, 10_000_000);

    public Option<int> MaxSteps { get; } = CheckedOption.Whole("--max-steps", "Most loads of a sweep", 20, 1, 200);

    public Option<int> Rows { get; } = CheckedOption.Whole("--rows", "Size of a leading free dimension of every input", 1, 1, 65536);

    public Option<string[]> Shapes { get; } = Several("--shape", "The shape of an input with other free dimensions, NAME:2,3; the rows may be left out");

    public Option<string?> InputData { get; } = Text("--input-data", "A JSON file with recorded inputs: requests as over HTTP, or {\"data\": [{\"INPUT0\": [...]}]}");

    public Option<int> Seed { get; } = CheckedOption.Whole("--seed", "Makes other random inputs and arrivals", 1, 0, int.MaxValue);

    public Option<int> Distinct { get; } = CheckedOption.Whole("--distinct", "How many different random requests are sent in turn", 1, 1, 10_000);

    public Option<int> StringLength { get; } = CheckedOption.Whole("--string-length", "Letters of each random text of a BYTES input; 0 for a short number", 0, 0, 1_000_000);

    public Option<string[]> Parameters { get; } = Several("--parameters", "A parameter of every request, name=value; true, false and numbers are sent as such");

    public Option<string[]> Headers { get; } = Several("--header", "A header of every request, \"name: value\"");

    public Option<string[]> HeadersFrom { get; } = Several("--header-from", "The same with the name of an environment variable that has the value, \"name: VARIABLE\"");

    public Option<string?> Ca { get; } = Text("--ca", "A PEM file with the authorities that are trusted for https, in place of those of the system");

    public Option<bool> Insecure { get; } = new("--insecure") { Description = "Trusts any certificate" };

    public Option<double> Timeout { get; } = CheckedOption.Seconds("--timeout", "Longest wait for a connection, and for one answer", 10, 0.05, 600);

    public Option<bool> CheckAnswers { get; } = new("--check-answers") { Description = "Holds every answer against the first to the same request, and those of two servers and of all encodings against each other" };

    public SharedMemoryOptions SharedMemory { get; } = new();

    public Option<string?> Json { get; } = Text("--json", "A file for everything that was measured, as JSON");

    public Option<string?> Html { get; } = Text("--html", "A file for charts");

    public Option<bool> Quiet { get; } = new("--quiet") { Description = "Says nothing of the progress" };

    public IReadOnlyList<Option> All =>
    [
        ModelVersion, Url, GrpcUrl, Compare, CompareGrpcUrl, Encodings, Connections, InFlight, Rates, Arrivals, MaxConnections, Seconds, Window, MaxWindows, Stability, Rounds, Percentile,
        Sweep, LatencyTarget, MaxRate, MaxSteps, Rows, Shapes, InputData, Seed, Distinct, StringLength, Parameters, Headers, HeadersFrom, Ca, Insecure, Timeout, CheckAnswers, .. SharedMemory.All, Json, Html, Quiet,
    ];

    private static Option<string?> Text(string name, string description) => new(name) { Description = description };

    private static Option<string[]> Several(string name, string description) => new(name) { Description = description + "; may be given several times", DefaultValueFactory = static _ => [], Arity = ArgumentArity.OneOrMore };
}

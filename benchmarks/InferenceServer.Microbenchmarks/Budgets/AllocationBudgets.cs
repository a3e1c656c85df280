namespace InferenceServer.Microbenchmarks.Budgets;

/// <summary>
/// What one operation of each stage may allocate on the managed heap: the one table that tests hold the code against, and that the benchmarks print beside what they have measured.
/// </summary>
internal static class AllocationBudgets
{
    private static readonly Dictionary<string, AllocationBudget> s_budgets = new(StringComparer.Ordinal)
    {
        // Whatever the tensors hold and however many elements they have: these go to native memory and come from there.
        ["JSON in"] = new(72),
        ["JSON out"] = new(560),
        ["binary in"] = new(136, 1400),
        ["gRPC in"] = new(24),
        ["gRPC in, generated"] = new(1632),
        ["gRPC in, typed"] = new(24),
        ["gRPC in, typed, generated"] = new(2984),
        ["gRPC out"] = new(0, 184),
        ["gRPC out, generated"] = new(936),

        // What one execution of one request needs, or of eight; the request itself is in what the engine makes of it.
        ["pool"] = new(0),
        ["queue, 1 request"] = new(80),
        ["queue, 8 requests"] = new(136),
        ["policy"] = new(0),
        ["assembler"] = new(136),
        ["splitter, 1 request"] = new(240),
        ["splitter, 8 requests"] = new(1920),
        ["completion"] = new(568, 592),
        ["engine, handed over"] = new(1280, 1400),
        ["engine, run by the caller"] = new(1176, 1304),
        ["ONNX Runtime"] = new(136),

        // What is counted of a request, and what a scrape writes.
        ["statistics"] = new(0),
        ["histogram"] = new(0),
        ["observer"] = new(192),
        ["scrape, 100 models"] = new(10 << 20),

        // A request to add_sub from the socket and back, and one to a model of one input and one output.
        ["server JSON"] = new(3 << 10, 4300),
        ["server binary"] = new(2 << 10, 5500),
        ["server gRPC"] = new(2 << 10, 2700),
        ["server JSON of a small request"] = new(3 << 10, 4200),
        ["server binary of a small request"] = new(2 << 10, 5100),
        ["server gRPC of a small request"] = new(2 << 10, 2600),

        // The web server makes an entry for each of its pieces of 4 KiB that leaves, and over HTTP/2 an object for each beyond 256 that has come.
        ["server JSON more for a million elements"] = new(64 << 10),
        ["server binary more for a million elements"] = new(64 << 10),
        ["server gRPC more for a million elements"] = new(160 << 10),
    };

    /// <summary>The stages that have a budget.</summary>
    public static IEnumerable<string> Stages => s_budgets.Keys;

    /// <summary>The budget of a stage.</summary>
    /// <exception cref="KeyNotFoundException">It has none.</exception>
    public static AllocationBudget Of(string stage) => s_budgets[stage];

    /// <summary>The budget of a stage; null where it has none.</summary>
    public static AllocationBudget? Find(string stage) => s_budgets.TryGetValue(stage, out var budget) ? budget : null;
}

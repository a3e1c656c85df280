using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>What is counted of a request, and what a scrape of it costs.</summary>
public class Counters : Suite
{
    public override IEnumerable<object> Cases => StageCatalog.Telemetry;

    [GlobalSetup]
    public void SetUp() => Begin(((StageEntry)Case).Make());

    [Benchmark]
    public Task Stage() => RunAsync();
}

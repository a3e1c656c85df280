using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>What is done to a request between its reading and its writing.</summary>
public class Schedule : Suite
{
    public override IEnumerable<object> Cases => StageCatalog.Scheduling;

    [GlobalSetup]
    public void SetUp() => Begin(((StageEntry)Case).Make());

    [Benchmark]
    public Task Stage() => RunAsync();
}

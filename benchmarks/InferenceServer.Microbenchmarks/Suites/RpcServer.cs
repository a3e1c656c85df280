using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Servers;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>The whole server on loopback over gRPC, with one connection and one call at a time, beside a bare service of the generated classes that gives the same answer.</summary>
public class RpcServer : Suite
{
    public override IEnumerable<object> Cases => ["gRPC"];

    [GlobalSetup(Target = nameof(Whole))]
    public async Task SetUpWhole() => Begin(await RpcRequest.StartServerAsync());

    [Benchmark(Description = "server")]
    public Task Whole() => RunAsync();

    [GlobalSetup(Target = nameof(Echo))]
    public async Task SetUpEcho() => Begin(await RpcRequest.StartEchoAsync());

    [Benchmark(Description = "bare grpc-dotnet", Baseline = true)]
    public Task Echo() => RunAsync();
}

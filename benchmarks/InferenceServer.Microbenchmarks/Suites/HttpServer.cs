using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Servers;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>The whole server on loopback over HTTP/1.1, with one connection and one request at a time, beside a bare Kestrel that gives the same answer.</summary>
public class HttpServer : Suite
{
    public override IEnumerable<object> Cases => ServerRequest.OverHttp;

    private ServerRequest Request => (ServerRequest)Case;

    [GlobalSetup(Target = nameof(Whole))]
    public async Task SetUpWhole() => Begin(await Request.StartServerAsync());

    [Benchmark(Description = "server")]
    public void Whole() => Run();

    [GlobalSetup(Target = nameof(Echo))]
    public async Task SetUpEcho() => Begin(await Request.StartEchoAsync());

    [Benchmark(Description = "bare Kestrel", Baseline = true)]
    public void Echo() => Run();
}

using System.Collections.Concurrent;
using System.Net;
using InferenceServer.Bench;
using InferenceServer.LoadGenerator.Loads;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Loads;

public sealed class LoadsMeasurementTests
{
    private static readonly IPEndPoint s_one = new(IPAddress.Loopback, 1);
    private static readonly IPEndPoint s_other = new(IPAddress.Loopback, 2);

    [Fact]
    public async Task Run_TwoRounds_LoadsAndUnloadsInTurnsAndLeavesTheFirstRoundOut()
    {
        using var handler = new Handler(HttpStatusCode.OK);
        using var client = new HttpClient(handler);
        var rows = await new LoadsMeasurement(["a"], 2, client).RunAsync(s_one, s_other, TestContext.Current.CancellationToken);
        Assert.Equal(2, Assert.Single(rows).Ratios.Count);
        Assert.Equal(["2 load", "2 unload", "1 load", "1 unload", "1 load", "1 unload", "2 load", "2 unload", "2 load", "2 unload", "1 load", "1 unload"], handler.Asked);
    }

    [Fact]
    public async Task Run_LoadThatFails_SaysWhichServerAndWhy()
    {
        using var handler = new Handler(HttpStatusCode.BadRequest);
        using var client = new HttpClient(handler);
        var error = await Assert.ThrowsAsync<BenchException>(() => new LoadsMeasurement(["a"], 1, client).RunAsync(s_one, s_other, TestContext.Current.CancellationToken));
        Assert.Equal("127.0.0.1:2 answers the load of 'a' with 400: why", error.Message);
    }

    private sealed class Handler(HttpStatusCode status) : HttpMessageHandler
    {
        private readonly ConcurrentQueue<string> _asked = [];

        public IReadOnlyCollection<string> Asked => _asked;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            _asked.Enqueue($"{request.RequestUri!.Port} {request.RequestUri.Segments[^1]}");
            return Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent("why") });
        }
    }
}

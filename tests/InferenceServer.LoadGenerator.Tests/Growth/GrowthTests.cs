using System.Net;
using InferenceServer.Bench;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Requests;
using InferenceServer.LoadGenerator.Echo;
using InferenceServer.LoadGenerator.Growth;
using Xunit;

namespace InferenceServer.LoadGenerator.Tests.Growth;

public sealed class GrowthTests
{
    private static readonly TimeSpan s_time = TimeSpan.FromMilliseconds(100);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Points_OfModelsApart_AreAllCombinations()
    {
        var points = Plan(["a", "b"], areTogether: false).Points.ToList();

        Assert.Equal(2 * 2 * 2 * 3, points.Count);
        Assert.Equal(24, points.DistinctBy(static one => (one.Title, one.Encoding, one.Rows, one.Connections)).Count());
        Assert.Equal(["a", "b"], points.Select(static one => one.Title).Distinct());
    }

    [Fact]
    public void Points_OfModelsTogether_AreOneLoad() => Assert.Equal(["2 models"], Plan(["a", "b"], areTogether: true).Points.Select(static one => one.Title).Distinct());

    /// <summary>A server of which it is known what it says: 3 ms of processor time and 2 waits for locks between two questions, 40 MB.</summary>
    [Fact]
    public async Task Run_Rounds_HaveTheServersCountersOfTheMeasuredTime()
    {
        await using var server = await EchoServer.StartAsync(AddSub.Recording(rows: 1), RpcEcho.Generated, 0, 0, Cancellation);
        using var handler = new Metrics("process_cpu_seconds_total {0}\nprocess_cpu_seconds_total_other 99\ndotnet_lock_contention_total {1}\nprocess_working_set_bytes 40000000\n");
        using var client = new HttpClient(handler);
        var plan = Plan(["add_sub"], areTogether: false) with { Encodings = [WireEncoding.Binary], Connections = [1, 3], Rows = [1], Threads = 2, Rounds = 2 };
        var measurement = new GrowthMeasurement(plan, LoadTarget.Of(server.HttpAddress, server.GrpcAddress), new ProcessCounters(client, new Uri("http://metrics")), TextWriter.Null);

        var points = await measurement.RunAsync(Cancellation);

        Assert.Equal([1, 3], points.Select(static one => one.Point.Connections));
        foreach (var round in points.SelectMany(static one => one.Rounds))
        {
            var requests = round.Point.RequestsPerSecond * (round.After.Seconds - round.Before.Seconds);
            Assert.Equal(3_000 / requests, round.ProcessorTime, 1e-6);
            Assert.Equal(2_000 / requests, round.Contentions, 1e-6);
            Assert.Equal(40, round.Megabytes);
            Assert.Equal(0, round.Point.Errors);
        }

        var table = GrowthTable.Markdown(points);
        Assert.Equal(4, table.Count(static letter => letter == '\n'));
        Assert.Contains("| add_sub | HTTP binary | 1 | 3 | ", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_NumberThatIsNotThere_SaysWhich()
    {
        using var handler = new Metrics("process_cpu_seconds_total {0}\n");
        using var client = new HttpClient(handler);

        var error = await Assert.ThrowsAsync<BenchException>(() => new ProcessCounters(client, new Uri("http://metrics")).ReadAsync(Cancellation));

        Assert.Equal("http://metrics/ has no dotnet_lock_contention_total", error.Message);
    }

    private static GrowthPlan Plan(IReadOnlyList<string> models, bool areTogether) =>
        new(models, areTogether, [WireEncoding.Json, WireEncoding.Binary], [1, 2, 3], [1, 8], 0, 1, s_time, s_time, TimeSpan.FromSeconds(20));

    private sealed class Metrics(string text) : HttpMessageHandler
    {
        private int _asked;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var asked = _asked++;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StringContent(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, asked * 0.003, asked * 2)),
            });
        }
    }
}

using System.Text.Json;
using System.Xml.Linq;
using InferenceServer.Bench.Commands;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Benching;

/// <summary><c>inference-server bench</c> against the server itself.</summary>
[Collection(BenchedServerCollection.Name)]
public sealed class BenchTests(BenchedServer sample)
{
    private const string AllEncodings = "json,binary,grpc,stream";

    [Fact]
    public async Task ClosedLoop_EveryEncoding_HasTheServersFiguresBesideTheClients()
    {
        var call = (await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--encoding", AllEncodings, "--connections", "1,2", "--rows", "3", "--check-answers"])).AssertClean();

        Assert.Equal(8, call.Points.Count());
        Assert.All(call.Results, static result =>
        {
            Assert.Equal(result.GetProperty("requests_per_second").GetDouble() * 3, result.GetProperty("inferences_per_second").GetDouble(), 3);
            var server = result.GetProperty("server");
            Assert.True(server.GetProperty("requests").GetInt64() > 0);
            Assert.True(server.GetProperty("rows_per_execution").GetDouble() >= 3);
            Assert.InRange(server.GetProperty("compute_infer_mean_ms").GetDouble(), 0, server.GetProperty("request_mean_ms").GetDouble());
        });
        Assert.Contains("What the server says of itself", call.Output, StringComparison.Ordinal);
        Assert.Contains("3 rows a request", call.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenLoop_EveryEncoding_SendsAsManyAsAreDue()
    {
        var call = (await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--encoding", AllEncodings, "--rate", "200", "--arrivals", "constant", "--window", "0"])).AssertClean();

        Assert.Equal(4, call.Points.Count());

        // 100 are due in 0.5 s whatever the server and the machine do; a few may be due just before the clock starts.
        Assert.All(call.Results, static result => Assert.InRange(result.GetProperty("latency_ms").GetProperty("count").GetInt64(), 60, 101));
        Assert.All(call.Results, static result => Assert.True(result.TryGetProperty("send_lag_ms", out _)));
    }

    /// <summary>The model takes 30 ms by its own clock and one connection can carry one request at a time, so of a hundred due in a second two thirds wait for those before them.</summary>
    [Theory]
    [InlineData("json")]
    [InlineData("grpc")]
    [InlineData("stream")]
    public async Task OpenLoop_MoreThanTheModelCanDo_CountsTheWaitOfEachFromWhenItWasDue(string encoding)
    {
        await using var test = await StreamTest.StartAsync("--log-info=false");

        var call = (await BenchCall.RunAsync([
            "slow", .. BenchCall.Of(test.Server), "--encoding", encoding, "--rate", "100", "--arrivals", "constant", "--max-connections", "1", "--window", "0", "--timeout", "30"])).AssertClean();

        var result = call.Results.Single();
        var count = result.GetProperty("latency_ms").GetProperty("count").GetInt64();
        Assert.InRange(count, 30, 51);
        Assert.True(result.GetProperty("distorted").GetBoolean());

        // The last of them cannot have an answer before all of them had their 30 ms, and was due half a second after the first.
        Assert.True(result.GetProperty("latency_ms").GetProperty("max").GetDouble() >= (count * 30) - 520, call.Output);
        Assert.Contains("the load was not the one asked for", call.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_SeveralInFlight_AreAnsweredEachByItsOwnAnswer()
    {
        var call = (await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--encoding", "stream", "--connections", "2", "--in-flight", "8", "--distinct", "5", "--check-answers"])).AssertClean();

        Assert.Equal(8, call.Points.Single().GetProperty("in_flight").GetInt32());
    }

    [Fact]
    public async Task Stream_DecoupledModel_TellsItsResponses()
    {
        await using var test = await StreamTest.StartAsync("--log-info=false");
        using var folder = new TemporaryDirectory();
        var data = folder.Write("in.json", """{"data": [{"IN": [7, 8, 9], "DELAY": [1, 1, 1], "WAIT": [0]}]}""");

        var call = (await BenchCall.RunAsync(["repeater", .. BenchCall.Of(test.Server), "--encoding", "stream", "--connections", "1", "--in-flight", "2", "--input-data", data])).AssertClean();

        var result = call.Results.Single();
        Assert.Equal(3, result.GetProperty("responses_per_request").GetDouble());

        // Each response but the first waits a millisecond by the model's own clock.
        Assert.True(result.GetProperty("between_responses_ms").GetProperty("p50").GetDouble() > 0.5);
        Assert.True(result.GetProperty("first_response_ms").GetProperty("p50").GetDouble() < result.GetProperty("latency_ms").GetProperty("p50").GetDouble());
        Assert.Contains("responses/request", call.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compare_TwoAddresses_HasRatiosOfRoundsInTurns()
    {
        await using var other = await RunningServer.StartAsync(SampleServer.Repository, flags: BenchedServer.Flags);

        var call = (await BenchCall.RunAsync([
            "add_sub", .. BenchCall.Of(sample.Server), "--compare", other.Http.BaseAddress!.Authority, "--compare-grpc-url", other.RpcAddress,
            "--encoding", "binary,grpc", "--connections", "2", "--rounds", "3", "--check-answers"])).AssertClean();

        Assert.All(call.Points, static point =>
        {
            Assert.Equal(3, point.GetProperty("rounds").GetArrayLength());
            Assert.All(point.GetProperty("rounds").EnumerateArray(), static round => Assert.Equal(2, round.GetArrayLength()));
            var ratio = point.GetProperty("throughput_ratio");
            var lowest = ratio.GetProperty("lowest").GetDouble();
            Assert.InRange(ratio.GetProperty("median").GetDouble(), lowest, ratio.GetProperty("highest").GetDouble());
            var first = point.GetProperty("rounds")[0];
            Assert.InRange(first[0].GetProperty("requests_per_second").GetDouble() / first[1].GetProperty("requests_per_second").GetDouble(), lowest - 1e-9, ratio.GetProperty("highest").GetDouble() + 1e-9);
        });

        // Which is first changes with the round.
        var order = call.Errors.Split('\n').Where(static line => line.Contains("HTTP binary", StringComparison.Ordinal)).Select(static line => line.Contains(" x2 1: ", StringComparison.Ordinal) ? 1 : 2);
        Assert.Equal([1, 2, 2, 1, 1, 2], order);
    }

    [Fact]
    public async Task Sweep_FindsAKneeAmongItsLoads()
    {
        var call = (await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--sweep", "--connections", "1", "--max-connections", "4", "--latency-target-ms", "60000", "--percentile", "97"])).AssertClean();

        var sweep = call.Json.GetProperty("sweeps").EnumerateArray().Single();
        var loads = call.Points.Select(static point => point.GetProperty("connections").GetDouble()).ToList();
        Assert.Contains(sweep.GetProperty("knee").GetProperty("load").GetDouble(), loads);

        // Nothing misses a minute, so the largest is the last that was tried.
        Assert.Equal(loads.Max(), sweep.GetProperty("largest_within_target").GetProperty("load").GetDouble());
        Assert.Contains("the knee is at", call.Output, StringComparison.Ordinal);
        Assert.Contains("|   p95 |   p97 |   p99 |", call.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sweep_OfRates_StaysWithinTheLargestThatIsAllowed()
    {
        var call = await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--sweep", "--rate", "50", "--max-rate", "100", "--latency-target-ms", "60000"]);

        // Whether a machine that others use keeps up with fifty a second in half a second is nobody's promise; in either case it is one of these loads.
        var rates = call.Points.Select(static point => point.GetProperty("rate_per_second").GetDouble()).ToList();
        Assert.Contains(50, rates);
        Assert.All(rates, static rate => Assert.InRange(rate, 0.01, 100));
        Assert.Single(call.Json.GetProperty("sweeps").EnumerateArray());
    }

    [Fact]
    public async Task Html_IsOnePageOfWellFormedXmlThatNeedsNothingElse()
    {
        var call = (await BenchCall.RunAsync(["digits", .. BenchCall.Of(sample.Server), "--encoding", "binary", "--connections", "1,2"])).AssertClean();

        var page = XDocument.Parse(call.Html);
        Assert.Equal(3, page.Descendants().Count(static element => element.Name.LocalName == "svg"));
        Assert.All(page.Descendants().Where(static element => element.Name.LocalName == "svg"), static chart =>
        {
            Assert.Contains(chart.Descendants(), static element => element.Name.LocalName == "polyline");
            var texts = chart.Descendants().Where(static element => element.Name.LocalName == "text").Select(static element => element.Value).ToList();
            Assert.Contains("latency, ms", texts);
        });
        Assert.DoesNotContain(page.Descendants().Attributes(), static attribute => attribute.Name.LocalName is "src" or "href");
        Assert.DoesNotContain(page.Descendants(), static element => element.Name.LocalName is "script" or "link");
    }

    [Fact]
    public async Task RecordedInputs_AreSentInTurn()
    {
        using var folder = new TemporaryDirectory();
        var row = string.Join(',', Enumerable.Range(0, 16));
        var data = folder.Write("in.json", $$"""{"data": [{"INPUT0": [{{row}}], "INPUT1": [{{row}}]}, {"INPUT0": {"content": [{{row}}], "shape": [16]}, "INPUT1": [{{row}}]}]}""");

        (await BenchCall.RunAsync(["add_sub", .. BenchCall.Of(sample.Server), "--input-data", data, "--connections", "1", "--check-answers", "--encoding", AllEncodings])).AssertClean();
    }

    [Fact]
    public async Task Texts_OfAnyLength_AreSent() =>
        (await BenchCall.RunAsync(["identity", .. BenchCall.Of(sample.Server), "--string-length", "50", "--shape", "TEXT:3", "--shape", "NUMBERS:2", "--encoding", AllEncodings, "--connections", "1", "--check-answers"])).AssertClean();

    [Theory]
    [InlineData("json")]
    [InlineData("grpc")]
    [InlineData("stream")]
    public async Task ModelThatFails_EndsWithOneBeforeAnythingIsMeasured(string encoding)
    {
        await using var test = await StreamTest.StartAsync("--log-info=false");

        var call = await BenchCall.RunAsync(["failing", .. BenchCall.Of(test.Server), "--encoding", encoding]);

        Assert.Equal(BenchCommand.Failure, call.Code);
        Assert.Contains("it broke", call.Errors, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Undefined, call.Json.ValueKind);
    }
}

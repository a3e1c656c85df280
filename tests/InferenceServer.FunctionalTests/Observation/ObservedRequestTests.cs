using System.Globalization;
using System.Net;
using Grpc.Core;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing.Files;
using Serilog.Events;
using Xunit;

namespace InferenceServer.FunctionalTests.Observation;

/// <summary>What of every request is in the metrics and in the log when its answer has left, whichever way it came.</summary>
public sealed class ObservedRequestTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryWayOfAsking_IsMeasuredByItsProtocolAndCountedByItsCode()
    {
        await using var test = await StreamTest.StartAsync();
        var server = test.Server;
        var before = await ScrapeAsync(server);
        Assert.Equal("0", before["""inference_server_request_duration_seconds_count{model="plain",version="1",protocol="http"}"""]);
        Assert.Equal("0", before["""inference_server_request_phase_duration_seconds_bucket{model="plain",version="1",protocol="grpc",phase="serialise",le="+Inf"}"""]);
        Assert.Equal("0", before["""inference_server_answer_total{protocol="grpc",code="OK"}"""]);

        Assert.Equal(HttpStatusCode.OK, await PostAsync(server, "plain", "http"));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(server, "plain", "bad", "FP32"));
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(server, "nothing", "unknown"));
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/models/plain/generate", "{\"X\":7}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/models/plain/generate_stream", "{\"X\":7}")).Status);
        await server.Rpc.ModelInferAsync(StreamTest.Plain("plain", "rpc", 7), cancellationToken: Token);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelInferAsync(StreamTest.Plain("nothing", "rpc unknown", 7), cancellationToken: Token));
        Assert.Equal(StatusCode.NotFound, refused.StatusCode);
        using (var call = test.Open())
        {
            await call.RequestStream.WriteAsync(StreamTest.Plain("plain", "stream", 8), Token);
            await call.RequestStream.WriteAsync(StreamTest.Plain("nothing", "stream unknown", 8), Token);
            await call.RequestStream.WriteAsync(StreamTest.Repeat("repeat", [4, 5]), Token);
            await call.EndAsync();
        }

        var lines = await LinesAsync(server, 10);
        var after = await ScrapeAsync(server);
        Assert.Equal(
            ("3", "1", "1", "3", "2"),
            (Answers(after, "http", "200"), Answers(after, "http", "400"), Answers(after, "http", "404"), Answers(after, "grpc", "OK"), Answers(after, "grpc", "NOT_FOUND")));
        foreach (var (model, protocol, count) in new[] { ("plain", "http", "3"), ("plain", "grpc", "2"), ("repeater", "grpc", "1") })
        {
            var labels = $"model=\"{model}\",version=\"1\",protocol=\"{protocol}\"";
            Assert.Equal(count, after[$"inference_server_request_duration_seconds_count{{{labels}}}"]);
            Assert.All(new[] { "queue", "assembly", "compute", "output", "serialise" }, phase => Assert.Equal(count, after[$"inference_server_request_phase_duration_seconds_count{{{labels},phase=\"{phase}\"}}"]));
            var whole = double.Parse(after[$"inference_server_request_duration_seconds_sum{{{labels}}}"], CultureInfo.InvariantCulture);
            Assert.True(whole > 0 && whole >= double.Parse(after[$"inference_server_request_phase_duration_seconds_sum{{{labels},phase=\"compute\"}}"], CultureInfo.InvariantCulture));
        }

        Assert.Equal(("0", "0"), (after["inference_server_inflight_requests{model=\"plain\",version=\"1\"}"], after["inference_server_inflight_requests{model=\"repeater\",version=\"1\"}"]));
        Assert.Equal(["bad", "http", "rpc", "rpc unknown", "stream", "stream unknown"], lines.Select(static line => Text(line, "RequestId")).Where(static id => char.IsAsciiLetterLower(id[0]) && id != "repeat").Order(StringComparer.Ordinal));
        var good = lines.Single(static line => Text(line, "RequestId") == "http");
        Assert.Equal(("http", "plain", "1", "200", "ok", "1", "4", "4"), (Text(good, "Protocol"), Text(good, "Model"), Text(good, "Version"), Text(good, "Code"), Text(good, "Outcome"), Text(good, "BatchRows"), Text(good, "BytesIn"), Text(good, "BytesOut")));
        Assert.True(long.Parse(Text(good, "TotalUs"), CultureInfo.InvariantCulture) >= long.Parse(Text(good, "ComputeUs"), CultureInfo.InvariantCulture));
        var wrong = lines.Single(static line => Text(line, "RequestId") == "stream unknown");
        Assert.Equal(("grpc", "nothing", "5", "failed"), (Text(wrong, "Protocol"), Text(wrong, "Model"), Text(wrong, "Code"), Text(wrong, "Outcome")));

        // What a request carries is nobody's business.
        Assert.All(lines, static line => Assert.DoesNotContain(line.Properties.Values, static value => value.ToString().Contains("INPUT", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task StepsOfAnEnsemble_AreMeasuredAsInternalAndNotCountedAsAnswers()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("m/1/readme", "one version");
        repository.Write("m/config.pbtxt", "backend: \"identity\" input { name: \"X\" data_type: TYPE_INT32 dims: -1 } output { name: \"Y\" data_type: TYPE_INT32 dims: -1 }");
        Directory.CreateDirectory(Path.Combine(repository.FullPath, "e", "1"));
        repository.Write("e/config.pbtxt", """
            platform: "ensemble"
            input { name: "X" data_type: TYPE_INT32 dims: -1 } output { name: "Y" data_type: TYPE_INT32 dims: -1 }
            ensemble_scheduling { step { model_name: "m" model_version: -1 input_map { key: "X" value: "X" } output_map { key: "Y" value: "Y" } } }
            """);
        await using var server = await RunningServer.StartAsync(repository.FullPath);
        Assert.DoesNotContain((await ScrapeAsync(server)).Keys, static key => key.Contains("protocol=\"internal\"", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(server, "e", "one"));
        await LinesAsync(server, 1);

        var after = await ScrapeAsync(server);
        Assert.Equal("1", after["""inference_server_request_phase_duration_seconds_count{model="m",version="1",protocol="internal",phase="compute"}"""]);
        Assert.Equal("0", after["""inference_server_request_duration_seconds_count{model="m",version="1",protocol="http"}"""]);
        Assert.Equal("1", after["""inference_server_request_duration_seconds_count{model="e",version="1",protocol="http"}"""]);
        Assert.Equal("1", Answers(after, "http", "200"));
    }

    [Theory]
    [InlineData("call-7", "call-7")]
    [InlineData("two words", null)]
    [InlineData("a\tb", null)]
    public async Task IdOfTheCaller_IsTakenOverWhereItIsOne(string given, string? told)
    {
        await using var test = await StreamTest.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/nothing/infer") { Content = new StringContent("{}") };
        request.Headers.TryAddWithoutValidation("x-request-id", given);
        using var response = await test.Server.Http.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        var name = Assert.Single(response.Headers.GetValues("x-request-id"));
        Assert.Equal(told ?? name, name);
        Assert.NotEqual("", name);
        Assert.Equal(name, Text(Assert.Single(await LinesAsync(test.Server, 1)), "RequestId"));
    }

    [Fact]
    public async Task Buckets_OfTheServerAndOfAModel_AreThoseOfTheHistograms()
    {
        using var repository = new TemporaryDirectory();
        foreach (var (name, more) in new[] { ("m", ""), ("own", "model_metrics { metric_control { metric_identifier { family: \"inference_server_request_duration_seconds\" } histogram_options { buckets: [ 0.1, 30 ] } } }") })
        {
            repository.Write($"{name}/1/readme", "one version");
            repository.Write($"{name}/config.pbtxt", $"backend: \"identity\" input {{ name: \"X\" data_type: TYPE_INT32 dims: -1 }} output {{ name: \"Y\" data_type: TYPE_INT32 dims: -1 }} metric_tags {{ key: \"team\" value: \"t\" }} {more}");
        }

        await using var server = await RunningServer.StartAsync(repository.FullPath, flags: "--metrics-config=duration_buckets=0.002,1");
        var text = await ScrapeAsync(server);
        Assert.Equal(["0.002", "1", "+Inf"], Buckets("m"));
        Assert.Equal(["0.1", "30", "+Inf"], Buckets("own"));

        string[] Buckets(string model) =>
        [
            .. text.Keys.Where(key => key.StartsWith($"inference_server_request_duration_seconds_bucket{{model=\"{model}\",version=\"1\",_team=\"t\",protocol=\"http\",le=", StringComparison.Ordinal)).Select(static key => key.Split("le=\"")[1][..^2])
        ];
    }

    [Fact]
    public async Task Observation_ThatIsNotWanted_IsNotThere()
    {
        await using var test = await StreamTest.StartAsync("--metrics-config=duration_histograms=false", "--log-requests=off");
        Assert.Equal(HttpStatusCode.OK, await PostAsync(test.Server, "plain", "http"));
        Assert.DoesNotContain((await ScrapeAsync(test.Server)).Keys, static key => key.StartsWith("inference_server_request_", StringComparison.Ordinal) && key.Contains("duration", StringComparison.Ordinal));
        Assert.DoesNotContain(test.Server.Log.Events, IsLine);
    }

    private static string Answers(Dictionary<string, string> metrics, string protocol, string code) => metrics[$"inference_server_answer_total{{protocol=\"{protocol}\",code=\"{code}\"}}"];

    private static bool IsLine(LogEvent logEvent) => logEvent.Properties.ContainsKey("BytesOut");

    private static string Text(LogEvent line, string name) => line.Properties[name] is ScalarValue { Value: { } value } ? string.Format(CultureInfo.InvariantCulture, "{0}", value) : "";

    /// <summary>A line is written when its answer has left, which its client may know of sooner.</summary>
    private static async Task<LogEvent[]> LinesAsync(RunningServer server, int count)
    {
        while (server.Log.Events.Count(IsLine) < count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), Token);
        }

        return [.. server.Log.Events.Where(IsLine)];
    }

    private static async Task<HttpStatusCode> PostAsync(RunningServer server, string model, string id, string type = "INT32") =>
        (await server.PostAsync($"/v2/models/{model}/infer", $"{{\"id\":\"{id}\",\"inputs\":[{{\"name\":\"X\",\"datatype\":\"{type}\",\"shape\":[1],\"data\":[7]}}]}}")).Status;

    private static async Task<Dictionary<string, string>> ScrapeAsync(RunningServer server)
    {
        using var client = new HttpClient();
        var text = await client.GetStringAsync(new Uri(server.MetricsAddress), Token);
        return text.Split('\n').Where(static line => line.Length > 0 && line[0] != '#').ToDictionary(static line => line[..line.LastIndexOf(' ')], static line => line[(line.LastIndexOf(' ') + 1)..]);
    }
}

using System.Net.Http.Json;
using Grpc.Core;
using Grpc.Net.Client;
using Inference;
using InferenceServer.FunctionalTests.Observation.Messages;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Observation;

/// <summary>What a collector of OpenTelemetry gets from a server that is told of it by the standard variables, or by Triton's option.</summary>
public sealed class CollectorTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string ParentId = "b7ad6b7169203331";
    private const string Caller = $"00-{TraceId}-{ParentId}-01";

    private static readonly Lazy<TemporaryDirectory> s_repository = new(static () =>
    {
        var repository = new TemporaryDirectory();
        repository.Write("m/1/readme", "one version");
        repository.Write("m/config.pbtxt", "backend: \"identity\" input { name: \"X\" data_type: TYPE_INT32 dims: -1 } output { name: \"Y\" data_type: TYPE_INT32 dims: -1 }");
        return repository;
    });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Request_OfACallerWhoTraces_HasItsSpansInTheCallersTrace(string protocol)
    {
        await using var collector = await Collector.StartAsync();
        using var server = Serve(Variables(collector, protocol, "parentbased_always_off"));
        var address = await server.WaitForSummaryAsync();
        using var client = new HttpClient { BaseAddress = address };
        Assert.Null(await AskAsync(client, "not traced"));
        Assert.Null(await AskAsync(client, "not sampled", Caller[..^1] + "0"));
        var told = await AskAsync(client, "traced", Caller);
        using var channel = GrpcChannel.ForAddress(server.RpcAddress);
        using var call = new GRPCInferenceService.GRPCInferenceServiceClient(channel).ModelInferAsync(StreamTest.Plain("m", "over rpc", 7), new Metadata { { "traceparent", Caller } }, cancellationToken: Token);
        await call;
        var rpcTold = (await call.ResponseHeadersAsync).GetValue("traceresponse");
        await collector.UntilAsync(static collector => collector.Spans.Count(static span => span.Name == "InferRequest") >= 2);

        var spans = collector.Spans.ToArray();
        Assert.All(spans, static span => Assert.Equal(TraceId, Hex(span.TraceId)));
        var servers = spans.Where(static span => span.Name == "InferRequest").ToDictionary(static span => Text(span, "request.id"));
        Assert.Equal(["over rpc", "traced"], servers.Keys.Order());
        Assert.All(servers.Values, static span => Assert.Equal((ParentId, 2), (Hex(span.ParentSpanId), span.Kind)));
        Assert.Equal($"00-{TraceId}-{Hex(servers["traced"].SpanId)}-01", told);
        Assert.Equal($"00-{TraceId}-{Hex(servers["over rpc"].SpanId)}-01", rpcTold);
        Assert.Equal(("200", "0"), (Text(servers["traced"], "http.response.status_code"), Text(servers["over rpc"], "rpc.grpc.status_code")));
        foreach (var root in servers.Values)
        {
            var model = Assert.Single(spans, span => span.Name == "m" && span.ParentSpanId == root.SpanId);
            Assert.Equal(("m", "1"), (Text(model, "triton.model_name"), Text(model, "triton.model_version")));
            Assert.Equal(["compute", "queue"], spans.Where(span => span.ParentSpanId == model.SpanId).Select(static span => span.Name).Order());
            Assert.Contains(spans, span => span.Name == "write" && span.ParentSpanId == root.SpanId);
            Assert.All(spans.Where(span => span.ParentSpanId == model.SpanId), span => Assert.True(span.StartTimeUnixNano >= root.StartTimeUnixNano && span.EndTimeUnixNano <= root.EndTimeUnixNano && span.StartTimeUnixNano <= span.EndTimeUnixNano));
            var compute = Assert.Single(spans, span => span.Name == "compute" && span.ParentSpanId == model.SpanId);
            Assert.Equal(["COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START"], compute.Events.Select(static one => one.Name));
            Assert.Empty(compute.Links);
        }

        Assert.All(collector.Resources, static resource => Assert.Equal("ours", Text(resource.Attributes, "service.name")));
    }

    [Fact]
    public async Task Batch_OfFour_HasASpanOfItsOwnWithFourLinks()
    {
        await using var collector = await Collector.StartAsync();

        // It waits until four are there.
        using var repository = new TemporaryDirectory();
        repository.Write("m/1/readme", "one version");
        repository.Write("m/config.pbtxt", """
            backend: "identity" max_batch_size: 8
            input { name: "X" data_type: TYPE_INT32 dims: 1 } output { name: "Y" data_type: TYPE_INT32 dims: 1 }
            dynamic_batching { preferred_batch_size: 4 max_queue_delay_microseconds: 600000000 }
            """);
        using var server = ServerProcess.Start(Variables(collector, "http/protobuf", "always_on"), [.. Flags(repository.FullPath)]);
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync() };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => AskAsync(client, $"member {i}", batch: true)));
        await collector.UntilAsync(static collector => collector.Spans.Count(static span => span.Name == "InferRequest") >= 4 && collector.Spans.Any(static span => span.Name == "batch"));

        var spans = collector.Spans.ToArray();
        var batch = Assert.Single(spans, static span => span.Name == "batch");
        Assert.Equal(("4", "4", 0), (Text(batch, "batch.rows"), Text(batch, "batch.requests"), batch.ParentSpanId.Length));
        Assert.Equal(4, batch.Links.Count);
        foreach (var link in batch.Links)
        {
            var model = Assert.Single(spans, span => span.SpanId == link.SpanId);
            Assert.Equal("m", model.Name);
            var compute = Assert.Single(spans, span => span.Name == "compute" && span.ParentSpanId == model.SpanId);
            Assert.Equal(batch.SpanId, Assert.Single(compute.Links).SpanId);
        }

        Assert.Equal(4, spans.Where(static span => span.Name == "InferRequest").Select(static span => Hex(span.TraceId)).Distinct().Count());
    }

    /// <summary>Each step is a span below that of the ensemble, with the parts that a request of its own would have.</summary>
    [Fact]
    public async Task Ensemble_HasTheSpansOfItsStepsBelowItsOwn()
    {
        await using var collector = await Collector.StartAsync();
        using var repository = new TemporaryDirectory();
        foreach (var step in (string[])["first", "second"])
        {
            repository.Write($"{step}/1/readme", "one version");
            repository.Write($"{step}/config.pbtxt", "backend: \"identity\" input { name: \"X\" data_type: TYPE_INT32 dims: -1 } output { name: \"Y\" data_type: TYPE_INT32 dims: -1 }");
        }

        repository.Write("m/1/readme", "one version");
        repository.Write("m/config.pbtxt", """
            platform: "ensemble" input { name: "X" data_type: TYPE_INT32 dims: -1 } output { name: "Y" data_type: TYPE_INT32 dims: -1 }
            ensemble_scheduling {
              step { model_name: "first" model_version: -1 input_map { key: "X" value: "X" } output_map { key: "Y" value: "between" } }
              step { model_name: "second" model_version: -1 input_map { key: "X" value: "between" } output_map { key: "Y" value: "Y" } }
            }
            """);
        using var server = ServerProcess.Start(Variables(collector, "http/protobuf", "parentbased_always_off"), [.. Flags(repository.FullPath)]);
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync() };
        await AskAsync(client, "whole", Caller);
        await collector.UntilAsync(static collector => collector.Spans.Any(static span => span.Name == "InferRequest"));

        var spans = collector.Spans.ToArray();
        Assert.All(spans, static span => Assert.Equal(TraceId, Hex(span.TraceId)));
        var root = Assert.Single(spans, static span => span.Name == "InferRequest");
        var ensemble = Assert.Single(spans, static span => span.Name == "m");
        var (first, second) = (Assert.Single(spans, static span => span.Name == "first"), Assert.Single(spans, static span => span.Name == "second"));
        Assert.Equal(root.SpanId, ensemble.ParentSpanId);
        foreach (var step in (Span[])[first, second])
        {
            Assert.Equal(ensemble.SpanId, step.ParentSpanId);
            Assert.Equal(["compute", "queue"], spans.Where(span => span.ParentSpanId == step.SpanId).Select(static span => span.Name).Order());
            Assert.True(step.StartTimeUnixNano >= ensemble.StartTimeUnixNano && step.EndTimeUnixNano <= ensemble.EndTimeUnixNano);
        }

        Assert.True(first.EndTimeUnixNano <= second.StartTimeUnixNano);
    }

    /// <summary>Whoever runs the collector may ask for a key, in the header that the standard variable names.</summary>
    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task HeadersOfTheVariable_GoWithEveryMessage_AndAreInNoLog(string protocol)
    {
        const string Secret = "s3cr3t-of-the-tenant";
        await using var collector = await Collector.StartAsync();
        var variables = Variables(collector, protocol, "always_on");
        variables["OTEL_METRICS_EXPORTER"] = "otlp";
        variables["OTEL_METRIC_EXPORT_INTERVAL"] = "300";
        variables["OTEL_EXPORTER_OTLP_HEADERS"] = $"{Collector.KeyHeader}={Secret}";
        using var server = Serve(variables);
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync() };
        await AskAsync(client, "a");
        await collector.UntilAsync(static collector => collector.Spans.Any() && collector.Metrics.Any());

        Assert.All(collector.Keys, static key => Assert.Equal(Secret, key));
        Assert.DoesNotContain(Secret, server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TritonsOption_SendsTheRequestsOfItsRate_AndOneSpanEachWhereThatIsWanted()
    {
        await using var collector = await Collector.StartAsync();
        using var server = Serve([], "--trace-config=mode=opentelemetry", $"--trace-config=opentelemetry,url={collector.HttpAddress}/v1/traces", "--trace-config=rate=3", "--trace-config=spans=one", "--trace-config=opentelemetry,resource=team=a", "--id=mine");
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync() };
        for (var i = 1; i <= 6; i++)
        {
            await AskAsync(client, $"request {i}");
        }

        // What is still in the process is sent before it ends.
        server.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await server.WaitForExitAsync());
        Assert.Equal(["request 3", "request 6"], collector.Spans.Select(static span => Text(span, "request.id")).Order());
        Assert.All(collector.Spans, static span => Assert.Equal(("InferRequest", "m"), (span.Name, Text(span, "triton.model_name"))));
        Assert.All(collector.Resources, static resource => Assert.Equal(("mine", "a"), (Text(resource.Attributes, "service.name"), Text(resource.Attributes, "team"))));
    }

    [Fact]
    public async Task Metrics_GoToTheCollectorUnderTheirNames()
    {
        await using var collector = await Collector.StartAsync();
        using var server = Serve(new()
        {
            ["OTEL_METRICS_EXPORTER"] = "otlp",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.RpcAddress,
            ["OTEL_TRACES_EXPORTER"] = "none",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "300",
        });
        using var client = new HttpClient { BaseAddress = await server.WaitForSummaryAsync() };
        await AskAsync(client, "a");
        await AskAsync(client, "b");
        await collector.UntilAsync(static collector => collector.Metrics.Any(static metric => metric.Name == "nv_inference_request_success" && Of(metric.Sum, "m") is { AsDouble: 2 }));
        await collector.UntilAsync(static collector => collector.Metrics.Any(static metric => metric.Name == "inference_server.request.duration" && metric.Histogram.DataPoints.Any(static point => point.Count == 2)));

        Assert.Contains(collector.Metrics, static metric => metric.Name == "inference_server_saturation" && Of(metric.Gauge, "m") is not null);
        Assert.Contains(collector.Metrics, static metric => metric.Name == "inference_server_up");
        var duration = collector.Metrics.Last(static metric => metric.Name == "inference_server.request.duration").Histogram.DataPoints.First();
        Assert.Equal(("m", "1", "http"), (Text(duration.Attributes, "model"), Text(duration.Attributes, "version"), Text(duration.Attributes, "protocol")));
        Assert.Equal(0.0001, duration.ExplicitBounds[0]);
        Assert.Contains(collector.Metrics, static metric => metric.Name == "inference_server.request.phase.duration" && metric.Histogram.DataPoints.Any(static point => Text(point.Attributes, "phase") == "queue"));
        Assert.Empty(collector.Spans);
    }

    private static Number? Of(Numbers? numbers, string model) => numbers?.DataPoints.FirstOrDefault(point => Text(point.Attributes, "model") == model);

    private static Dictionary<string, string> Variables(Collector collector, string protocol, string sampler) => new()
    {
        ["OTEL_TRACES_EXPORTER"] = "otlp",
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = protocol == "grpc" ? collector.RpcAddress : collector.HttpAddress,
        ["OTEL_METRICS_EXPORTER"] = "none",
        ["OTEL_SERVICE_NAME"] = "ours",
        ["OTEL_TRACES_SAMPLER"] = sampler,
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
    };

    private static ServerProcess Serve(Dictionary<string, string> variables, params string[] flags) =>
        ServerProcess.Start(variables, [.. Flags(s_repository.Value.FullPath), .. flags]);

    private static IEnumerable<string> Flags(string repository) =>
        ["--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0", "--model-auto-warmup=false", $"--model-repository={repository}"];

    /// <returns>What the answer says of its span.</returns>
    private static async Task<string?> AskAsync(HttpClient client, string id, string? traceParent = null, bool batch = false)
    {
        var shape = batch ? new[] { 1, 1 } : [1];
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/m/infer")
        {
            Content = JsonContent.Create(new { id, inputs = new[] { new { name = "X", datatype = "INT32", shape, data = new[] { 7 } } } }),
        };
        if (traceParent is not null)
        {
            request.Headers.Add("traceparent", traceParent);
        }

        using var response = await client.SendAsync(request, Token);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Token));
        return response.Headers.TryGetValues("traceresponse", out var told) ? told.Single() : null;
    }

    private static string Hex(Google.Protobuf.ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static string Text(Span span, string key) => Text(span.Attributes, key);

    private static string Text(IEnumerable<Messages.Attribute> attributes, string key) => attributes.FirstOrDefault(attribute => attribute.Key == key)?.Value switch
    {
        { ValueCase: Value.ValueOneofCase.IntValue } number => number.IntValue.ToString(System.Globalization.CultureInfo.InvariantCulture),
        { } text => text.StringValue,
        _ => "",
    };
}

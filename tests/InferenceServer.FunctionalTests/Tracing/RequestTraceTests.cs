using System.Net;
using Grpc.Core;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Tracing;

/// <summary>Requests of all kinds, and what of them is in the file when the server has stopped.</summary>
public sealed class RequestTraceTests
{
    private const string Caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly string[] s_engine =
        ["REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START", "COMPUTE_END", "INFER_RESPONSE_COMPLETE", "REQUEST_END"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryWayOfAsking_IsTracedFromReceivingToSending()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.FullPath, "t.json");
        await using (var test = await StreamTest.StartAsync($"--trace-config=triton,file={file}", "--trace-config=rate=1", "--trace-config=level=TIMESTAMPS", "--trace-config=level=TENSORS"))
        {
            Assert.Equal(HttpStatusCode.OK, await PostAsync(test.Server, "plain", "http"));
            await test.Server.Rpc.ModelInferAsync(StreamTest.Plain("plain", "rpc", 7), cancellationToken: Token);
            using var call = test.Open();
            await call.RequestStream.WriteAsync(StreamTest.Plain("plain", "stream", 8), Token);
            await call.RequestStream.WriteAsync(StreamTest.Repeat("repeat", [4, 5]), Token);
            await call.EndAsync();
        }

        var traces = TraceRecord.Read(file).ToDictionary(static trace => trace.RequestId);
        Assert.Equal(["HTTP_RECV_START", "HTTP_RECV_END", .. s_engine, "HTTP_SEND_START", "HTTP_SEND_END"], traces["http"].Activities);
        Assert.Equal(["TENSOR_QUEUE_INPUT X 1,2", "TENSOR_BACKEND_OUTPUT Y 1,2"], traces["http"].Tensors);
        Assert.Equal(["GRPC_WAITREAD_START", "GRPC_WAITREAD_END", .. s_engine, "GRPC_SEND_START", "GRPC_SEND_END"], traces["rpc"].Activities);
        Assert.Equal(["GRPC_WAITREAD_START", "GRPC_WAITREAD_END", .. s_engine, "GRPC_SEND_START", "GRPC_SEND_END"], traces["stream"].Activities);
        Assert.Equal(("plain", 1), (traces["rpc"].Head.GetProperty("model_name").GetString(), traces["rpc"].Head.GetProperty("model_version").GetInt32()));
        Assert.False(traces["rpc"].Head.TryGetProperty("trace_id", out _));
        Assert.Equal(2, traces["repeat"].Activities.Count(static name => name == "INFER_RESPONSE_COMPLETE"));
        Assert.Equal(2, traces["repeat"].Activities.Count(static name => name == "GRPC_SEND_END"));
        Assert.Contains("REQUEST_END", traces["repeat"].Activities);
        Assert.Equal(4, traces.Count);
    }

    [Fact]
    public async Task CallersTrace_IsFollowedWhateverTheRateAndNamed()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.FullPath, "t.json");
        await using (var test = await StreamTest.StartAsync($"--trace-config=file={file}", "--trace-config=level=TIMESTAMPS"))
        {
            await PostAsync(test.Server, "plain", "not traced");
            await PostAsync(test.Server, "plain", "not sampled", Caller[..^1] + "0");
            await PostAsync(test.Server, "plain", "invalid", Caller + "-and-more");
            await PostAsync(test.Server, "plain", "two", Caller, Caller);
            await PostAsync(test.Server, "plain", "http", Caller);
            await test.Server.Rpc.ModelInferAsync(StreamTest.Plain("plain", "rpc", 7), new Metadata { { "traceparent", Caller } }, cancellationToken: Token);
            using var call = test.Open(new Metadata { { "traceparent", Caller } });
            await call.RequestStream.WriteAsync(StreamTest.Plain("plain", "stream", 8), Token);
            await call.EndAsync();
        }

        var traces = TraceRecord.Read(file);
        Assert.Equal(["http", "rpc", "stream"], traces.Select(static trace => trace.RequestId));
        Assert.All(traces, static trace => Assert.Equal(
            ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"),
            (trace.Head.GetProperty("trace_id").GetString(), trace.Head.GetProperty("parent_span_id").GetString())));
    }

    [Fact]
    public async Task Settings_ChangeWhatIsTracedWhileTheServerRuns()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.FullPath, "t.json");
        await using (var test = await StreamTest.StartAsync("--allow-setting-changes=true", $"--trace-config=file={file}", "--trace-config=rate=1"))
        {
            await PostAsync(test.Server, "plain", "off");
            var (status, shown) = await test.Server.PostAsync("/v2/models/plain/trace/setting", """{"trace_level":["TIMESTAMPS"],"trace_count":"2"}""");
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal("""{"trace_level":["TIMESTAMPS"],"trace_rate":"1","trace_count":"2","log_frequency":"0","trace_file":"t.json","trace_mode":"triton"}""", shown);
            await PostAsync(test.Server, "slow", "other model");
            await PostAsync(test.Server, "plain", "first");
            await PostAsync(test.Server, "plain", "second");
            await PostAsync(test.Server, "plain", "too many");
            Assert.Contains("\"trace_count\":\"0\"", await test.Server.Http.GetStringAsync("/v2/models/plain/trace/setting", Token), StringComparison.Ordinal);
            Assert.Contains("\"OFF\"", await test.Server.Http.GetStringAsync("/v2/trace/setting", Token), StringComparison.Ordinal);
        }

        var traces = TraceRecord.Read(file);
        Assert.Equal(["first", "second"], traces.Select(static trace => trace.RequestId));
        Assert.All(traces, static trace => Assert.Empty(trace.Tensors));
    }

    [Fact]
    public async Task RequestsThatFail_AreTracedToo()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.FullPath, "t.json");
        await using (var test = await StreamTest.StartAsync($"--trace-config=file={file}", "--trace-config=rate=1", "--trace-config=level=TIMESTAMPS"))
        {
            Assert.Equal(HttpStatusCode.InternalServerError, await PostAsync(test.Server, "failing", "http"));
            await Assert.ThrowsAsync<RpcException>(async () => await test.Server.Rpc.ModelInferAsync(StreamTest.Plain("failing", "rpc", 7), cancellationToken: Token));
            using var call = test.Open();
            await call.RequestStream.WriteAsync(StreamTest.Plain("failing", "stream", 8), Token);
            await call.EndAsync();
        }

        var traces = TraceRecord.Read(file);
        Assert.Equal(["http", "rpc", "stream"], traces.Select(static trace => trace.RequestId));
        Assert.All(traces, static trace => Assert.DoesNotContain("INFER_RESPONSE_COMPLETE", trace.Activities));
        Assert.All(traces, static trace => Assert.Contains("REQUEST_END", trace.Activities));
        Assert.Equal("HTTP_SEND_END", traces[0].Activities[^1]);
        Assert.Equal("GRPC_SEND_END", traces[1].Activities[^1]);
    }

    [Fact]
    public async Task LogFrequency_FillsNumberedFiles()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.FullPath, "t.json");
        await using (var test = await StreamTest.StartAsync($"--trace-config=file={file}", "--trace-config=rate=1", "--trace-config=level=TIMESTAMPS", "--trace-config=triton,log-frequency=2"))
        {
            for (var i = 0; i < 3; i++)
            {
                await PostAsync(test.Server, "plain", $"{i}");
            }
        }

        Assert.Equal(["t.json.0", "t.json.1"], Directory.EnumerateFiles(folder.FullPath).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal((2, 1), (TraceRecord.Read(file + ".0").Length, TraceRecord.Read(file + ".1").Length));
    }

    [Fact]
    public async Task ServerWithoutAFile_CannotBeMadeToTrace()
    {
        await using var test = await StreamTest.StartAsync("--allow-setting-changes=true");
        var (status, error) = await test.Server.PostAsync("/v2/trace/setting", """{"trace_level":["TIMESTAMPS"],"trace_rate":"1"}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("--trace-config=triton,file=", error, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await PostAsync(test.Server, "plain", "r", Caller));
        Assert.Contains("\"trace_rate\":\"1000\"", await test.Server.Http.GetStringAsync("/v2/trace/setting", Token), StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> PostAsync(RunningServer server, string model, string id, params string[] traceParents)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/infer")
        {
            Content = new StringContent($$"""{"id":"{{id}}","inputs":[{"name":"X","datatype":"INT32","shape":[2],"data":[1,2]}]}"""),
        };
        foreach (var traceParent in traceParents)
        {
            request.Headers.TryAddWithoutValidation("traceparent", traceParent);
        }

        using var response = await server.Http.SendAsync(request, Token);
        return response.StatusCode;
    }
}

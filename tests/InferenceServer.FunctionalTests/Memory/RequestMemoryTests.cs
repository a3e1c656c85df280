using System.Globalization;
using System.Net;
using Grpc.Core;
using InferenceServer.FunctionalTests.Connections;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Memory;

/// <summary>More large requests than there is memory for wait unread, whatever way they come by, and whoever stands in the way of others does so for a while only.</summary>
public sealed class RequestMemoryTests : IAsyncDisposable
{
    private const int Clients = 16;
    private const int BodyBytes = 8 << 20;
    private const long Limit = 16 << 20;

    private readonly TemporaryDirectory _folder = new();
    private RunningServer? _server;

    public static TheoryData<string> AnnouncedWays => [.. LargeRequests.Announced];

    public static TheoryData<string> OpenEndedWays => [.. LargeRequests.OpenEnded];

    public static TheoryData<string> Ways => [.. LargeRequests.Announced, .. LargeRequests.OpenEnded];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(AnnouncedWays))]
    public async Task Requests_WhoseLengthIsKnown_WaitUnreadAndNeverTakeMoreThanThereIs(string way)
    {
        var gate = await AskAtOnceAsync(way);
        Assert.InRange(gate.Peak, Limit, Limit);
        Assert.Equal(Clients, gate.Waits);
    }

    [Theory]
    [MemberData(nameof(OpenEndedWays))]
    public async Task Requests_WhoseLengthIsNotKnown_ExceedWhatThereIsByOneOfThem(string way)
    {
        var gate = await AskAtOnceAsync(way);

        // What grows takes twice what it had, and what is compressed counts as what it may become at most.
        var largest = way.StartsWith("gzip ", StringComparison.Ordinal) ? 64 << 20 : 2 * BodyBytes;
        Assert.InRange(gate.Peak, Limit, Limit + largest);
        Assert.True(gate.Waits >= Clients, $"{gate.Waits}");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Request_ThatFindsNoRoomInTime_IsRefusedAndTheNextOneIsAnswered(string way)
    {
        var server = await StartAsync("--request-memory-wait-secs=0");
        var data = LargeRequests.Data(200_000, 1);
        var gate = server.Get<RequestMemoryGate>();
        using (await FillAsync(gate))
        {
            var failure = await Assert.ThrowsAnyAsync<Exception>(() => LargeRequests.AskAsync(server, way, data));
            Assert.Contains($"{Limit} of {Limit} bytes (--max-request-memory-bytes); try again later", failure is RpcException rpc ? rpc.Status.Detail : failure.Message, StringComparison.Ordinal);
            if (failure is RpcException { StatusCode: var code })
            {
                Assert.Equal(StatusCode.Unavailable, code);
            }

            // Small ones have nothing to do with it.
            var small = LargeRequests.Data(100, 2);
            Assert.Equal(small, await LargeRequests.AskAsync(server, way is "gzip grpc" or "gzip stream" ? "grpc" : way, small));
        }

        Assert.Equal(data, await LargeRequests.AskAsync(server, way, data));
        Assert.Equal(1, gate.Refusals);
    }

    [Fact]
    public async Task Refusal_OverHttp_SaysWhenToComeAgain()
    {
        var server = await StartAsync("--request-memory-wait-secs=0");
        using var held = await FillAsync(server.Get<RequestMemoryGate>());
        foreach (var path in new[] { "/v2/models/echo/infer", "/v2/models/echo/generate", "/v2/models/echo/generate_stream", "/v2/repository/models/echo/unload", "/v2/repository/index" })
        {
            using var answer = await server.Http.PostAsync(path, new ByteArrayContent(new byte[100_000]), Token);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (answer.StatusCode, answer.Headers.RetryAfter?.Delta));
            Assert.StartsWith("{\"error\":\"the request body of 100000 bytes", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        }
    }

    /// <summary>Every rpc, and not only those that infer.</summary>
    [Fact]
    public async Task Refusal_OverRpc_IsOfAnyLargeMessage()
    {
        var server = await StartAsync("--request-memory-wait-secs=0");
        var load = new Inference.RepositoryModelLoadRequest { ModelName = LargeRequests.Model, Parameters = { ["file:1/model.onnx"] = new() { BytesParam = Google.Protobuf.ByteString.CopyFrom(new byte[100_000]) } } };
        var ready = new Inference.ModelReadyRequest { Name = new string('a', 100_000) };
        using (await FillAsync(server.Get<RequestMemoryGate>()))
        {
            Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelReadyAsync(ready, cancellationToken: Token))).StatusCode);
            var failure = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.RepositoryModelLoadAsync(load, cancellationToken: Token));
            Assert.Contains("--max-request-memory-bytes", failure.Status.Detail, StringComparison.Ordinal);
            Assert.Contains(failure.Trailers, static one => one.Key == "grpc-status-details-bin");
        }

        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelReadyAsync(ready, cancellationToken: Token))).StatusCode);
    }

    [Fact]
    public async Task Refusal_InAStream_NamesItsRequestAndLeavesTheStreamToTheOthers()
    {
        var server = await StartAsync("--request-memory-wait-secs=0");
        using var call = server.Rpc.ModelStreamInfer(cancellationToken: Token);
        var held = await FillAsync(server.Get<RequestMemoryGate>());
        await call.RequestStream.WriteAsync(LargeRequests.Message(LargeRequests.Data(BodyBytes, 1), "large"), Token);
        await call.RequestStream.WriteAsync(LargeRequests.Message(LargeRequests.Data(10, 2), "small"), Token);
        var answers = await call.ReadAsync(2);
        Assert.Equal(["large", "small"], answers.Select(static one => one.InferResponse.Id));
        Assert.Contains("--max-request-memory-bytes", answers[0].ErrorMessage, StringComparison.Ordinal);
        Assert.Equal("", answers[1].ErrorMessage);
        held.Dispose();
        await call.RequestStream.WriteAsync(LargeRequests.Message(LargeRequests.Data(BodyBytes, 3), "again"), Token);
        var last = Assert.Single(await call.EndAsync());
        Assert.Equal(("again", "", BodyBytes), (last.InferResponse.Id, last.ErrorMessage, last.InferResponse.RawOutputContents[0].Length));
    }

    /// <summary>The room of the first is given back when it has been answered, while the stream goes on.</summary>
    [Fact]
    public async Task Stream_OfMoreThanThereIsRoomFor_IsAnsweredMessageByMessage()
    {
        var server = await StartAsync();
        using var call = server.Rpc.ModelStreamInfer(cancellationToken: Token);
        var reading = call.EndWhenAsync(6);
        for (var i = 0; i < 6; i++)
        {
            await call.RequestStream.WriteAsync(LargeRequests.Message(LargeRequests.Data(BodyBytes, i)), Token);
        }

        var answers = await reading;
        for (var i = 0; i < answers.Count; i++)
        {
            Assert.True(LargeRequests.Data(BodyBytes, i).AsSpan().SequenceEqual(answers[i].InferResponse.RawOutputContents[0].Span), answers[i].ErrorMessage);
        }

        Assert.InRange(server.Get<RequestMemoryGate>().Peak, BodyBytes, Limit);
    }

    [Theory]
    [InlineData("Content-Length: 8388608\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n20000\r\n")]
    public async Task Client_ThatGoesInTheMiddleOfItsBody_GivesItsRoomBack(string head)
    {
        var server = await StartAsync();
        var gate = server.Get<RequestMemoryGate>();
        using (var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!))
        {
            await connection.WriteAsync($"POST /v2/models/echo/infer HTTP/1.1\r\nHost: localhost\r\n{head}{new string(' ', 0x20000)}");
            await Waiting.UntilAsync(() => gate.InUse > 0);
        }

        await Waiting.UntilAsync(() => gate.InUse == 0);
    }

    [Fact]
    public async Task Client_ThatGoesWhileItWaits_LeavesTheLine()
    {
        var server = await StartAsync();
        var gate = server.Get<RequestMemoryGate>();
        using var held = await FillAsync(gate);
        using (var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!))
        {
            await connection.WriteAsync("POST /v2/models/echo/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
            await Waiting.UntilAsync(() => gate.Waiting == 1);
        }

        await Waiting.UntilAsync(() => gate.Waiting == 0);
        foreach (var way in new[] { "grpc", "typed grpc", "stream" })
        {
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
            using var call = way == "stream" ? server.Rpc.ModelStreamInfer(cancellationToken: leaving.Token) : null;
            var asking = call is null
                ? server.Rpc.ModelInferAsync(LargeRequests.Message(new byte[100_000]), LargeRequests.Compressed(way != "grpc"), cancellationToken: leaving.Token).ResponseAsync
                : call.RequestStream.WriteAsync(LargeRequests.Message(new byte[100_000]), leaving.Token);
            await Waiting.UntilAsync(() => gate.Waiting == 1);
            await leaving.CancelAsync();
            await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await Waiting.UntilAsync(() => gate.Waiting == 0);
        }
    }

    [Fact]
    public async Task Client_ThatAnnouncesMuchAndSendsNothing_HasOthersToldSoAfterAWhile()
    {
        var server = await StartAsync("--request-memory-wait-secs=1");
        var gate = server.Get<RequestMemoryGate>();
        using var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!);
        await connection.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"POST /v2/models/echo/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Limit}\r\n\r\n"));
        await Waiting.UntilAsync(() => gate.InUse == Limit);
        foreach (var way in new[] { "binary", "grpc", "stream" })
        {
            var failure = await Assert.ThrowsAnyAsync<Exception>(() => LargeRequests.AskAsync(server, way, new byte[100_000]).WaitAsync(TestTimeouts.Phase, Token));
            Assert.Contains("has waited for 1 s", failure is RpcException rpc ? rpc.Status.Detail : failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal((Limit, 3), (gate.InUse, gate.Refusals));
    }

    [Fact]
    public async Task Deadline_ThatIsShorterThanTheWait_EndsIt()
    {
        var server = await StartAsync();
        using var held = await FillAsync(server.Get<RequestMemoryGate>());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/echo/infer") { Content = new ByteArrayContent(new byte[100_000]), Headers = { { "x-request-timeout-ms", "50" } } };
        using var answer = await server.Http.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("deadline", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_TellWhatIsInUseAndWhoWaits()
    {
        var server = await StartAsync("--request-memory-wait-secs=0");
        var gate = server.Get<RequestMemoryGate>();
        using (await FillAsync(gate))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => LargeRequests.AskAsync(server, "raw", new byte[100_000]));
            Assert.Equal(["16777216", "16777216", "16777216", "0", "1", "1"], await ReadMetricsAsync(server));
        }

        Assert.Equal(["0", "16777216", "16777216", "0", "1", "1"], await ReadMetricsAsync(server));
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _folder.Dispose();
    }

    private static async Task<string[]> ReadMetricsAsync(RunningServer server)
    {
        var lines = (await server.Http.GetStringAsync(server.MetricsAddress, Token)).Split('\n');
        return [.. new[] { "bytes", "peak_bytes", "limit_bytes", "waiting", "waits_total", "refused_total" }.Select(name => lines.Single(line => line.StartsWith($"inference_server_request_memory_{name} ", StringComparison.Ordinal)).Split(' ')[1])];
    }

    /// <summary>Takes everything, so that whoever comes has to wait until it is given back.</summary>
    private static async Task<RequestRoom> FillAsync(RequestMemoryGate gate)
    {
        var all = new RequestRoom();
        all.Open(gate, Token);
        Assert.Null(await all.GrowToAsync(gate.Limit));
        return all;
    }

    /// <summary>Has all clients wait at once, lets them in, and compares what each gets with what it has sent.</summary>
    private async Task<RequestMemoryGate> AskAtOnceAsync(string way)
    {
        var server = await StartAsync();
        var gate = server.Get<RequestMemoryGate>();
        var perElement = way.EndsWith("json", StringComparison.Ordinal) ? 2 : 1;
        var held = await FillAsync(gate);
        var asking = Enumerable.Range(0, Clients).Select(async client =>
        {
            var data = LargeRequests.Data((BodyBytes / perElement) - 1024, client);
            var answer = await LargeRequests.AskAsync(server, way, data);
            return data.AsSpan().SequenceEqual(answer);
        }).ToList();
        await Waiting.UntilAsync(() => gate.Waiting == Clients);
        held.Dispose();
        Assert.All(await Task.WhenAll(asking), Assert.True);

        // The last answer is with its client a moment before its memory is given back.
        await Waiting.UntilAsync(() => (gate.InUse, gate.Waiting) == (0, 0));
        return gate;
    }

    private async Task<RunningServer> StartAsync(params string[] flags)
    {
        LargeRequests.WriteModel(_folder);
        return _server = await RunningServer.StartAsync(_folder.FullPath, flags: [string.Create(CultureInfo.InvariantCulture, $"--max-request-memory-bytes={Limit}"), .. flags]);
    }
}

using System.Net;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Security;

public sealed class KeyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AccessFile_Changed_IsInForceWithoutARestart()
    {
        await using var access = new AccessFixture();
        var old = access.AddKey("old", """[{"scopes": ["metadata"], "models": ["*"]}]""");
        await access.StartAsync(SampleServer.Repository, "--model-control-mode=explicit");
        Assert.Equal(200, await StatusAsync(access, old));
        var added = access.AddKey("new", """[{"scopes": ["metadata"], "models": ["*"]}]""");
        access.Save();
        await Waiting.UntilAsync(async () => await StatusAsync(access, added) == 200);
        Assert.Equal(200, await StatusAsync(access, old));
        access.RemoveKey("old");
        access.Save();
        await Waiting.UntilAsync(async () => await StatusAsync(access, old) == 401);

        // What is broken changes nothing, and is told.
        access.Folder.Write("access.json", "{");
        await Waiting.UntilAsync(() => Task.FromResult(access.Server.Log.Events.Any(static one => one.RenderMessage().Contains("old one stays in force", StringComparison.Ordinal))));
        Assert.Equal(200, await StatusAsync(access, added));
        Assert.All(access.Server.Log.Events, one => Assert.DoesNotContain(added[4..], one.RenderMessage(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Key_ByEitherHeader_IsTakenOverBothProtocols()
    {
        await using var access = new AccessFixture();
        var key = access.AddKey("web", """[{"scopes": ["metadata"], "models": ["*"]}]""");
        await access.StartAsync(SampleServer.Repository, "--model-control-mode=explicit");
        foreach (var (name, value) in new[] { ("authorization", "Bearer " + key), ("authorization", "bearer  " + key), ("x-api-key", key) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v2");
            request.Headers.TryAddWithoutValidation(name, value);
            using var response = await access.Server.Http.SendAsync(request, Cancellation);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            await access.Server.Rpc.ServerMetadataAsync(new ServerMetadataRequest(), new Metadata { { name, value } }, cancellationToken: Cancellation);
        }

        var error = await Assert.ThrowsAsync<RpcException>(async () => await access.Server.Rpc.ServerMetadataAsync(new ServerMetadataRequest(), cancellationToken: Cancellation));
        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.True((await access.Server.Rpc.ServerLiveAsync(new ServerLiveRequest(), cancellationToken: Cancellation)).Live);
    }

    [Fact]
    public async Task RequestsLine_TellsWhoseItIs()
    {
        await using var access = new AccessFixture();
        var key = access.AddKey("web", """[{"scopes": ["inference"], "models": ["*"]}]""");
        await access.StartAsync(SampleServer.Repository, "--model-control-mode=explicit", "--load-model=add_sub");
        var (status, body, response) = await access.SendAsync("POST", "/v2/models/add_sub/infer", key, "{}");
        using (response)
        {
            Assert.True(status == 400, body);
        }

        await Assert.ThrowsAsync<RpcException>(async () => await access.Server.Rpc.ModelInferAsync(new ModelInferRequest { ModelName = "add_sub" }, new Metadata { { "x-api-key", key } }, cancellationToken: Cancellation));
        foreach (var protocol in new[] { "http", "grpc" })
        {
            await Waiting.UntilAsync(() => Task.FromResult(access.Server.Log.Events.Any(one => one.RenderMessage() is var line && line.Contains(protocol + "\" \"add_sub\"", StringComparison.Ordinal) && line.Contains("caller=\"web\"", StringComparison.Ordinal))));
        }

        Assert.All(access.Server.Log.Events, one => Assert.DoesNotContain(key, one.RenderMessage(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Limits_OfOneCaller_AreItsOwn()
    {
        await using var access = new AccessFixture();

        // So slow that no machine waits long enough for the second one.
        var slow = access.AddKey("slow", """[{"scopes": ["metadata", "inference"], "models": ["*"]}]""", """, "limits": {"requests_per_second": 0.001, "burst": 3}""");
        var free = access.AddKey("free", """[{"scopes": ["metadata", "metrics"], "models": ["*"]}]""");
        await access.StartAsync(SampleServer.Repository, "--model-control-mode=explicit");
        Assert.Equal(200, await StatusAsync(access, slow));
        Assert.Equal(200, await StatusAsync(access, slow));
        await access.Server.Rpc.ServerMetadataAsync(new ServerMetadataRequest(), new Metadata { { "x-api-key", slow } }, cancellationToken: Cancellation);
        var (status, body, response) = await access.SendAsync("GET", "/v2", slow);
        using (response)
        {
            Assert.Equal(429, status);
            Assert.Equal("600", response.Headers.RetryAfter!.ToString());
            Assert.Contains("at most 0.001 requests a second, 3 at once", body, StringComparison.Ordinal);
        }

        var error = await Assert.ThrowsAsync<RpcException>(async () => await access.Server.Rpc.ServerMetadataAsync(new ServerMetadataRequest(), new Metadata { { "x-api-key", slow } }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        Assert.Contains(error.Trailers, static entry => entry.Key == "grpc-status-details-bin");
        Assert.Equal(200, await StatusAsync(access, free));

        // Probes are nobody's, and a reload gives nobody a new share.
        Assert.Equal(200, (await access.SendAsync("GET", "/v2/health/live", slow)).Status);
        access.AddKey("another", """[{"scopes": ["metadata"], "models": ["*"]}]""");
        access.Save();
        await Waiting.UntilAsync(() => Task.FromResult(access.Server.Log.Events.Count(static one => one.RenderMessage().Contains("access file is in force", StringComparison.Ordinal)) == 2));
        Assert.Equal(429, await StatusAsync(access, slow));
        var (_, metrics, scraped) = await access.SendAsync("GET", access.Server.MetricsAddress, free);
        scraped.Dispose();
        Assert.Contains("inference_server_caller_request_total{caller=\"slow\",result=\"admitted\"} 3\n", metrics, StringComparison.Ordinal);
        Assert.Contains("inference_server_caller_request_total{caller=\"slow\",result=\"too_fast\"} 3\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConcurrentRequests_BeyondTheLimit_AreRefusedUntilOneEnds()
    {
        using var repository = new Testing.Files.TemporaryDirectory();
        repository.Write("slow/config.pbtxt", """
            backend: "identity"
            input { name: "X" data_type: TYPE_INT32 dims: 1 }
            output { name: "Y" data_type: TYPE_INT32 dims: 1 }
            parameters { key: "execute_delay_ms" value { string_value: "700" } }
            """);
        Directory.CreateDirectory(Path.Combine(repository.FullPath, "slow", "1"));
        await using var access = new AccessFixture();
        var key = access.AddKey("one", """[{"scopes": ["inference"], "models": ["*"]}]""", """, "limits": {"concurrent_requests": 2}""");
        await access.StartAsync(repository.FullPath);
        var question = """{"inputs":[{"name":"X","datatype":"INT32","shape":[1],"data":[1]}]}""";
        var all = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ => (await access.SendAsync("POST", "/v2/models/slow/infer", key, question)).Status));

        // However late they come on a busy machine, two have always got in, and nothing else than these two answers is given.
        Assert.All(all, static status => Assert.True(status is 200 or 429, $"{status}"));
        Assert.True(all.Count(static status => status == 200) >= 2);
        Assert.Equal(200, (await access.SendAsync("POST", "/v2/models/slow/infer", key, question)).Status);
    }

    private static async Task<int> StatusAsync(AccessFixture access, string key)
    {
        var (status, _, response) = await access.SendAsync("GET", "/v2", key);
        response.Dispose();
        return status;
    }
}

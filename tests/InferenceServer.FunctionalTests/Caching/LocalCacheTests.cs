using System.Runtime.InteropServices;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Caching;

/// <summary>Answers that are kept in memory, over the wire.</summary>
public sealed class LocalCacheTests : IDisposable
{
    private readonly TemporaryDirectory _repository = new();

    public void Dispose() => _repository.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AllEncodings_ShareOneExecution()
    {
        CachedModels.Write(_repository);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [CachedModels.Local]);
        await CachedModels.ExpectAsync(server, 1, 3f, 10f);
        var (_, named) = await server.PostAsync("/v2/models/m/infer", CachedModels.Body(1, "second", ",\"outputs\":[{\"name\":\"OUTPUT1\"},{\"name\":\"OUTPUT0\"}]"));
        Assert.Equal("""{"id":"second","model_name":"m","model_version":"1","outputs":[{"name":"OUTPUT1","datatype":"FP32","shape":[1,2],"data":[-3.0,-10.0]},{"name":"OUTPUT0","datatype":"FP32","shape":[1,2],"data":[3.0,10.0]}]}""", named);
        var answer = await server.Rpc.ModelInferAsync(Request("third"), cancellationToken: Token);
        Assert.Equal("third", answer.Id);
        Assert.True(MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[0].Span).SequenceEqual([3f, 10f]));
        using var stream = server.Rpc.ModelStreamInfer(cancellationToken: Token);
        await stream.RequestStream.WriteAsync(Request("fourth"), Token);
        await stream.RequestStream.CompleteAsync();
        Assert.True(await stream.ResponseStream.MoveNext(Token));
        Assert.Equal("fourth", stream.ResponseStream.Current.InferResponse.Id);
        Assert.False(await stream.ResponseStream.MoveNext(Token));

        Assert.Equal((1, 3, 1), await CachedModels.CountAsync(server));
        var statistics = await server.Rpc.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "m" }, cancellationToken: Token);
        Assert.Equal((3UL, 1UL), (statistics.ModelStats[0].InferenceStats.CacheHit.Count, statistics.ModelStats[0].InferenceStats.CacheMiss.Count));
    }

    [Fact]
    public async Task Classification_OfAKeptAnswer_ChangesItForNobodyElse()
    {
        CachedModels.Write(_repository);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [CachedModels.Local]);
        for (var i = 0; i < 2; i++)
        {
            var (_, classified) = await server.PostAsync("/v2/models/m/infer", CachedModels.Body(1, "", ",\"outputs\":[{\"name\":\"OUTPUT0\",\"parameters\":{\"classification\":1}},{\"name\":\"OUTPUT1\"}]"));
            Assert.Contains("10.000000:1", classified, StringComparison.Ordinal);
            await CachedModels.ExpectAsync(server, 1, 3f, 10f);
        }

        Assert.Equal((1, 3, 1), await CachedModels.CountAsync(server));
    }

    [Fact]
    public async Task ReloadWithOtherWeights_AnswersByThese()
    {
        CachedModels.Write(_repository);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [CachedModels.Local, "--model-control-mode=explicit", "--load-model=m"]);
        await CachedModels.ExpectAsync(server, 1, 3f, 10f);
        await CachedModels.ExpectAsync(server, 1, 3f, 10f);
        CachedModels.Write(_repository, "Mul");
        var (_, loaded) = await server.PostAsync("/v2/repository/models/m/load", "");
        Assert.Equal("", loaded);

        await CachedModels.ExpectAsync(server, 1, 2f, 16f);

        // What was kept of the other weights goes with them, which may be after the load has been answered.
        for (var left = TestTimeouts.Phase; (await CachedModels.ScrapeAsync(server, "nv_cache_num_entries"))["nv_cache_num_entries"] != 1; left -= TimeSpan.FromMilliseconds(20))
        {
            Assert.True(left > TimeSpan.Zero, "the answers of weights that are gone are still kept");
            await Task.Delay(20, Token);
        }
    }

    [Fact]
    public async Task SimultaneousRequests_OverHttpAndGrpc_AreExecutedOnce()
    {
        // Whoever comes late finds the answer kept: there is one execution however the machine deals with the requests.
        _repository.Write("m/1/.keep", "");
        _repository.Write("m/config.pbtxt", """
            backend: "identity" max_batch_size: 4 response_cache { enable: true }
            input { name: "INPUT0" data_type: TYPE_FP32 dims: 2 } output { name: "OUTPUT0" data_type: TYPE_FP32 dims: 2 }
            parameters { key: "execute_delay_ms" value { string_value: "200" } }
            """);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [CachedModels.Local]);
        const string Body = """{"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,2],"data":[1,2]}]}""";
        var request = new ModelInferRequest { ModelName = "m", Inputs = { Input("INPUT0", 1, 2) } };
        var rpcs = Enumerable.Range(0, 25).Select(_ => server.Rpc.ModelInferAsync(request, cancellationToken: Token).ResponseAsync).ToArray();
        var posts = Enumerable.Range(0, 25).Select(_ => server.PostAsync("/v2/models/m/infer", Body)).ToArray();

        Assert.All(await Task.WhenAll(posts), static answer => Assert.Contains("\"data\":[1.0,2.0]", answer.Body, StringComparison.Ordinal));
        Assert.All(await Task.WhenAll(rpcs), static answer => Assert.Equal([1f, 2f], MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[0].Span).ToArray()));
        Assert.Equal((1, 49, 1), await CachedModels.CountAsync(server));
    }

    [Fact]
    public async Task Metrics_ShowTheCacheAndOnlyModelsThatHaveIt()
    {
        CachedModels.Write(_repository);
        _repository.Write("plain/1/model.onnx", Testing.Onnx.SampleOnnxModels.AddSub());
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--response-cache-byte-size=2000", "--metrics-config=summary_latencies=true"]);
        foreach (var value in new[] { 1, 1, 2, 3, 1 })
        {
            await CachedModels.InferAsync(server, value);
        }

        var shown = await CachedModels.ScrapeAsync(server, "nv_cache_");
        const string Labels = "{model=\"m\",version=\"1\"}";
        Assert.Equal((1, 4), (shown[$"nv_cache_num_hits_per_model{Labels}"], shown[$"nv_cache_num_misses_per_model{Labels}"]));
        Assert.Equal((1, 4), (shown[$"nv_cache_hit_summary_per_model_count{Labels}"], shown[$"nv_cache_miss_summary_per_model_count{Labels}"]));
        Assert.Equal((5, 1, 4), (shown["nv_cache_num_lookups"], shown["nv_cache_num_hits"], shown["nv_cache_num_misses"]));
        Assert.Equal((2, 2), (shown["nv_cache_num_entries"], shown["nv_cache_num_evictions"]));
        Assert.InRange(shown["nv_cache_util"], 0.5, 1);
        Assert.True(shown["nv_cache_lookup_duration"] > 0 && shown["nv_cache_insertion_duration"] > 0);
        Assert.True(shown.ContainsKey($"nv_cache_hit_duration_per_model{Labels}") && shown.ContainsKey($"nv_cache_miss_duration_per_model{Labels}"));
        Assert.DoesNotContain(shown.Keys, static name => name.Contains("plain", StringComparison.Ordinal));

        var summaries = await CachedModels.ScrapeAsync(server, "nv_inference_request_summary_us_count");
        Assert.Equal(["nv_inference_request_summary_us_count{model=\"plain\",version=\"1\"}"], summaries.Keys);
    }

    [Fact]
    public async Task ServerWithoutCache_SaysThatTheFlagHasNoEffectAndShowsNoSeries()
    {
        CachedModels.Write(_repository);
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        await CachedModels.InferAsync(server, 1);
        await CachedModels.InferAsync(server, 1);

        Assert.Equal((2, 0, 0), await CachedModels.CountAsync(server));
        Assert.Empty(await CachedModels.ScrapeAsync(server, "nv_cache"));
        Assert.Single(server.Log.Events, static logged => logged.RenderMessage().Contains("has no effect", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DecoupledModel_IsNotLoaded()
    {
        _repository.Write("square/1/.keep", "");
        _repository.Write("square/config.pbtxt", "backend: \"square\" input { name: \"IN\" data_type: TYPE_INT32 dims: [ 1 ] } output { name: \"OUT\" data_type: TYPE_INT32 dims: [ 1 ] } model_transaction_policy { decoupled: true } response_cache { enable: true }");
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: [CachedModels.Local]);

        Assert.Contains("response_cache is enabled, but model_transaction_policy.decoupled is set", Assert.Single(server.Statuses).Reason, StringComparison.Ordinal);
    }

    private static ModelInferRequest Request(string id) => new() { Id = id, ModelName = "m", Inputs = { Input("INPUT0", 1, 8), Input("INPUT1", 2, 2) } };

    private static ModelInferRequest.Types.InferInputTensor Input(string name, float first, float second) => new()
    {
        Name = name,
        Datatype = "FP32",
        Shape = { 1, 2 },
        Contents = new InferTensorContents { Fp32Contents = { first, second } },
    };
}

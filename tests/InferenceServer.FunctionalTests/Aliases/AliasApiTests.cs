using System.Net;
using System.Text.Json;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Aliases;

/// <summary>Aliases as clients and operators meet them, over both protocols.</summary>
public sealed class AliasApiTests : IDisposable
{
    private const string Canary = """{"targets": [{"model": "m", "version": 1, "weight": 1, "stable": true}, {"model": "m", "version": 2, "weight": 0}]}""";

    private readonly TemporaryDirectory _repository = new();

    public AliasApiTests() => AliasRepository.WriteVersions(_repository, 1, 2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Change_FromTheFirstPutToTheDelete_IsOneStepEach()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        Assert.Equal((HttpStatusCode.NotFound, """{"error":"there is no alias 'live'"}""", null), await AliasRepository.SendAsync(server, "GET", "/v2/aliases/live"));
        var (_, _, tag) = await AliasRepository.SendAsync(server, "PUT", "/v2/aliases/live", Canary, ("If-None-Match", "*"));
        Assert.NotNull(tag);
        Assert.Equal(1, await ScaledModel.AskAsync(server, "live"));

        // Whoever has seen an older state is told so, and changes nothing.
        var (status, body, newTag) = await AliasRepository.SendAsync(server, "POST", "/v2/aliases/live/promote", null, ("If-Match", tag));
        Assert.True(status == HttpStatusCode.OK, body);
        Assert.NotEqual(tag, newTag);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await AliasRepository.SendAsync(server, "PUT", "/v2/aliases/live", Canary, ("If-Match", tag))).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await AliasRepository.SendAsync(server, "PUT", "/v2/aliases/live", Canary, ("If-None-Match", "*"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await AliasRepository.SendAsync(server, "PUT", "/v2/aliases/live", Canary, ("If-Match", "no quotes"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await AliasRepository.SendAsync(server, "DELETE", "/v2/aliases/live", null, ("If-None-Match", "\"x\""))).Status);
        Assert.Equal(2, await ScaledModel.AskAsync(server, "live"));
        Assert.Equal(newTag, (await AliasRepository.SendAsync(server, "GET", "/v2/aliases/live")).Tag);

        await AliasRepository.DoAsync(server, "POST", "/v2/aliases/live/rollback");
        Assert.Equal(1, await ScaledModel.AskAsync(server, "live"));
        var shown = await AliasRepository.DoAsync(server, "GET", "/v2/aliases");
        Assert.Equal("request", shown.GetProperty("aliases")[0].GetProperty("rolled_back").GetProperty("cause").GetString());

        // What is shown can be put as it is.
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/live", shown.GetProperty("aliases")[0].GetProperty("previous").ToString());
        Assert.Equal(2, await ScaledModel.AskAsync(server, "live"));
        await AliasRepository.DoAsync(server, "DELETE", "/v2/aliases/live");
        Assert.Equal(HttpStatusCode.NotFound, (await server.PostAsync("/v2/models/live/infer", ScaledModel.Question)).Status);
        Assert.DoesNotContain(await AliasRepository.MetricsAsync(server), static line => line.Contains("alias=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OpenApi_HasThePathsOfAnAlias_AsLongAsItIsThere()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        Assert.DoesNotContain(await PathsAsync(), static path => path.Contains("/models/live", StringComparison.Ordinal));
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/live", Canary);
        var paths = await PathsAsync();
        Assert.Contains("/v2/models/live/infer", paths);
        Assert.DoesNotContain(paths, static path => path.Contains("/live/versions", StringComparison.Ordinal) || path.EndsWith("/live/load", StringComparison.Ordinal));
        foreach (var path in paths.Where(static path => path.Contains("/models/live", StringComparison.Ordinal)))
        {
            // Whatever is described is answered for; what takes a body is asked without one, and does not say that there is nothing.
            using var response = await server.Http.GetAsync(path, Cancellation);
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.MethodNotAllowed or HttpStatusCode.BadRequest, $"{path}: {response.StatusCode}");
        }

        var document = JsonDocument.Parse(await server.Http.GetStringAsync("/openapi.json", Cancellation)).RootElement;
        var answer = document.GetProperty("components").GetProperty("schemas").GetProperty("live.1.InferResponse").GetProperty("properties");
        Assert.False(answer.GetProperty("model_name").TryGetProperty("enum", out _));
        Assert.Equal("X", document.GetProperty("components").GetProperty("schemas").GetProperty("live.1.InferRequest").GetProperty("properties").GetProperty("inputs").GetProperty("items").GetProperty("anyOf")[0].GetProperty("title").GetString());
        await AliasRepository.DoAsync(server, "DELETE", "/v2/aliases/live");
        Assert.DoesNotContain(await PathsAsync(), static path => path.Contains("/models/live", StringComparison.Ordinal));

        async Task<string[]> PathsAsync() =>
            [.. JsonDocument.Parse(await server.Http.GetStringAsync("/openapi.json", Cancellation)).RootElement.GetProperty("paths").EnumerateObject().Select(static path => path.Name)];
    }

    [Theory]
    [InlineData("PUT", "/v2/aliases/m", Canary, "a repository has a model of this name")]
    [InlineData("PUT", "/v2/aliases/.x", Canary, "invalid alias name")]
    [InlineData("PUT", "/v2/aliases/x", "", "this is not JSON")]
    [InlineData("PUT", "/v2/aliases/x", """{"targets": [{"model": "m", "wieght": 1}]}""", "did you mean 'weight'?")]
    [InlineData("POST", "/v2/aliases/live/promote", """{"model": "n"}""", "is none of its targets")]
    [InlineData("POST", "/v2/aliases/live/rollback", """{"to": "hell"}""", "must be 'stable' or 'previous'")]
    [InlineData("POST", "/v2/aliases/live/rollback", "[]", "the body must be an object")]
    public async Task WrongChange_IsRefusedWithTheReason(string method, string path, string body, string expected)
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/live", Canary);
        var (status, answer, _) = await AliasRepository.SendAsync(server, method, path, body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        using var document = JsonDocument.Parse(answer);
        Assert.Contains(expected, document.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, await ScaledModel.AskAsync(server, "live"));
    }

    [Fact]
    public async Task Change_WithoutExplicitControl_IsRefused()
    {
        _repository.Write("aliases.json", "{\"aliases\": {\"live\": " + Canary + "}}");
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        foreach (var (method, path) in new[] { ("PUT", "/v2/aliases/live"), ("DELETE", "/v2/aliases/live"), ("POST", "/v2/aliases/live/promote"), ("POST", "/v2/aliases/live/rollback") })
        {
            var (status, body, _) = await AliasRepository.SendAsync(server, method, path, Canary);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.Contains("--model-control-mode=none", body, StringComparison.Ordinal);
        }

        Assert.Equal(1, await ScaledModel.AskAsync(server, "live"));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await AliasRepository.SendAsync(server, "PATCH", "/v2/aliases/live")).Status);
        Assert.Equal("file", (await AliasRepository.DoAsync(server, "GET", "/v2/aliases/live")).GetProperty("origin").GetString());
    }

    [Fact]
    public async Task BodyThatIsTooLong_IsRefused()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await AliasRepository.SendAsync(server, "PUT", "/v2/aliases/live", new string(' ', 70_000))).Status);
    }

    [Fact]
    public async Task Restriction_OfTheRepository_HoldsForAliases()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [.. AliasRepository.ExplicitFlags, "--http-restricted-api=model-repository:x-key=s3cret"]);
        Assert.Equal(HttpStatusCode.Forbidden, (await AliasRepository.SendAsync(server, "GET", "/v2/aliases")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await AliasRepository.SendAsync(server, "PUT", "/v2/aliases/live", Canary)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AliasRepository.SendAsync(server, "PUT", "/v2/aliases/live", Canary, ("x-key", "s3cret"))).Status);
    }

    [Fact]
    public async Task QuestionsAboutAnAlias_AreAnsweredAsAboutAModel()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/live", Canary);
        var metadata = await server.Rpc.ModelMetadataAsync(new ModelMetadataRequest { Name = "live" }, cancellationToken: Cancellation);
        Assert.Equal(("live", "1", "X", "Y"), (metadata.Name, Assert.Single(metadata.Versions), metadata.Inputs[0].Name, metadata.Outputs[0].Name));
        Assert.Equal("live", (await AliasRepository.DoAsync(server, "GET", "/v2/models/live")).GetProperty("name").GetString());
        Assert.Equal("live", (await server.Rpc.ModelConfigAsync(new ModelConfigRequest { Name = "live" }, cancellationToken: Cancellation)).Config.Name);
        Assert.True((await server.Rpc.ModelReadyAsync(new ModelReadyRequest { Name = "live" }, cancellationToken: Cancellation)).Ready);
        var statistics = await server.Rpc.ModelStatisticsAsync(new ModelStatisticsRequest { Name = "live" }, cancellationToken: Cancellation);
        Assert.Equal([("m", "1"), ("m", "2")], statistics.ModelStats.Select(static model => (model.Name, model.Version)));
        var index = await server.Rpc.RepositoryIndexAsync(new RepositoryIndexRequest(), cancellationToken: Cancellation);
        var entry = Assert.Single(index.Models, static model => model.Name == "live");
        Assert.Equal(("", "READY", "alias: 'm' version 1 100 %"), (entry.Version, entry.State, entry.Reason));

        // A version of an alias is none of its targets' by accident.
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync("/v2/models/live/versions/1/ready", Cancellation)).StatusCode);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelMetadataAsync(new ModelMetadataRequest { Name = "live", Version = "1" }, cancellationToken: Cancellation))).StatusCode);

        // Without its model it is not ready, and comes back with it.
        await server.PostAsync("/v2/repository/models/m/unload", "");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Http.GetAsync("/v2/models/live/ready", Cancellation)).StatusCode);
        Assert.Contains("live UNAVAILABLE", await ScaledModel.IndexAsync(server));
        Assert.DoesNotContain("live", (await server.PostAsync("/v2/repository/index", """{"ready": true}""")).Body, StringComparison.Ordinal);
        await server.PostAsync("/v2/repository/models/m/load", "");
        Assert.Equal(1, await ScaledModel.AskAsync(server, "live"));
    }

    [Fact]
    public async Task StickyHeader_OverBothProtocols_DecidesTheSame()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/live", """{"targets": [{"model": "m", "version": 1, "weight": 1, "stable": true}, {"model": "m", "version": 2, "weight": 1}], "sticky_header": "X-User"}""");
        var request = new ModelInferRequest { ModelName = "live" };
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "FP32", Shape = { 1 }, Contents = new InferTensorContents { Fp32Contents = { 1 } } });
        var versions = new HashSet<string>();
        for (var user = 0; user < 16; user++)
        {
            var (_, body, _) = await AliasRepository.SendAsync(server, "POST", "/v2/models/live/infer", ScaledModel.Question, ("x-user", $"user-{user}"));
            using var document = JsonDocument.Parse(body);
            var version = document.RootElement.GetProperty("model_version").GetString()!;
            versions.Add(version);
            var answer = await server.Rpc.ModelInferAsync(request, new Metadata { { "x-user", $"user-{user}" } }, cancellationToken: Cancellation);
            Assert.Equal(version, answer.ModelVersion);
            using var call = server.Rpc.ModelStreamInfer(new Metadata { { "x-user", $"user-{user}" } }, cancellationToken: Cancellation);
            await call.RequestStream.WriteAsync(request, Cancellation);
            await call.RequestStream.CompleteAsync();
            Assert.True(await call.ResponseStream.MoveNext(Cancellation));
            Assert.Equal(version, call.ResponseStream.Current.InferResponse.ModelVersion);
        }

        Assert.Equal(2, versions.Count);
    }

    [Fact]
    public async Task StreamOfADecoupledModel_OverAnAlias_IsOneRequestWithoutACopy()
    {
        StreamRepository.Write(_repository);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: AliasRepository.ExplicitFlags);
        await AliasRepository.DoAsync(server, "PUT", "/v2/aliases/stream", """{"targets": [{"model": "squarer", "weight": 1}], "shadow": {"model": "m"}}""");
        var (status, body) = await server.PostAsync("/v2/models/stream/generate_stream", """{"IN": 3}""");
        Assert.True(status == HttpStatusCode.OK, body);
        Assert.Equal(3, body.Split("\"model_name\":\"squarer\"").Length - 1);
        var alias = await AliasRepository.DoAsync(server, "GET", "/v2/aliases/stream");
        Assert.Equal(1, alias.GetProperty("targets")[0].GetProperty("requests").GetInt32());
        Assert.Equal(0, alias.GetProperty("targets")[0].GetProperty("failures").GetInt32());
        Assert.Equal(1, alias.GetProperty("shadow").GetProperty("dropped").GetProperty("decoupled").GetInt32());
    }
}

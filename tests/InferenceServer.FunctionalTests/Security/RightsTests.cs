using System.Text.Json;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Security;

/// <summary>What a caller may see and do of the models, over both protocols.</summary>
public sealed class RightsTests
{
    private const string Question = """{"inputs":[{"name":"X","datatype":"FP32","shape":[1],"data":[1]}]}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Models_BeyondTheRights_AreAsIfTheyWereNotThere()
    {
        using var repository = new TemporaryDirectory();
        Write(repository, "ours", "ours_too", "theirs");
        await using var access = new AccessFixture();
        var key = access.AddKey("team", """[{"scopes": ["inference", "metadata"], "models": ["ours*", "alias_of_theirs"]}]""");
        var admin = access.AddAdmin();
        await access.StartAsync(repository.FullPath, "--model-control-mode=explicit", "--load-model=*");
        Assert.Equal(200, await StatusAsync(access, "POST", "/v2/models/ours/infer", key, Question));
        Assert.Equal(404, await StatusAsync(access, "POST", "/v2/models/ours_not_there/infer", key, Question));
        foreach (var path in new[] { "infer", "ready", "config", "stats", "", "versions/1", "versions/7/infer", "generate" })
        {
            var method = path.EndsWith("infer", StringComparison.Ordinal) || path == "generate" ? "POST" : "GET";
            var (there, thereBody, one) = await access.SendAsync(method, $"/v2/models/theirs/{path}".TrimEnd('/'), key, Question);
            var (not, notBody, other) = await access.SendAsync(method, $"/v2/models/nothing/{path}".TrimEnd('/'), key, Question);
            using (one)
            using (other)
            {
                Assert.Equal((403, 403, path), (there, not, path));
                Assert.Equal(thereBody, notBody);
                Assert.Equal(one.Headers.WwwAuthenticate.ToString(), other.Headers.WwwAuthenticate.ToString());
            }
        }

        foreach (var name in new[] { "theirs", "nothing" })
        {
            Assert.Equal(StatusCode.PermissionDenied, await FailAsync(access.Server.Rpc.ModelInferAsync(Ask(name), Headers(key), cancellationToken: Cancellation).ResponseAsync));
            Assert.Equal(StatusCode.PermissionDenied, await FailAsync(access.Server.Rpc.ModelReadyAsync(new ModelReadyRequest { Name = name }, Headers(key), cancellationToken: Cancellation).ResponseAsync));
        }

        // Lists have what the caller may see.
        Assert.Equal(["ours", "ours_too"], Names(await BodyAsync(access, "POST", "/v2/repository/index", key), "name"));
        Assert.Equal(["ours", "ours_too", "theirs"], Names(await BodyAsync(access, "POST", "/v2/repository/index", admin), "name"));
        Assert.Equal(["ours", "ours_too"], (await access.Server.Rpc.RepositoryIndexAsync(new RepositoryIndexRequest(), Headers(key), cancellationToken: Cancellation)).Models.Select(static model => model.Name));
        Assert.Equal(["ours", "ours_too"], (await access.Server.Rpc.ModelStatisticsAsync(new ModelStatisticsRequest(), Headers(key), cancellationToken: Cancellation)).ModelStats.Select(static model => model.Name));
        foreach (var path in new[] { "/v2/models/stats", "/openapi.json", "/v2/aliases" })
        {
            Assert.DoesNotContain("theirs", (await BodyAsync(access, "GET", path, key)).ToString(), StringComparison.Ordinal);
        }

        Assert.Contains("theirs", (await BodyAsync(access, "GET", "/openapi.json", admin)).ToString(), StringComparison.Ordinal);

        // An alias is a name of its own: who has the right to it gets to what it stands for, and by no other name.
        Assert.Equal(403, await StatusAsync(access, "PUT", "/v2/aliases/alias_of_theirs", key, """{"targets": [{"model": "theirs", "weight": 1, "stable": true}]}"""));
        Assert.Equal(200, await StatusAsync(access, "PUT", "/v2/aliases/alias_of_theirs", admin, """{"targets": [{"model": "theirs", "weight": 1, "stable": true}]}"""));
        Assert.Equal(200, await StatusAsync(access, "PUT", "/v2/aliases/hidden", admin, """{"targets": [{"model": "ours", "weight": 1, "stable": true}]}"""));
        Assert.Equal(200, await StatusAsync(access, "POST", "/v2/models/alias_of_theirs/infer", key, Question));
        Assert.Equal(403, await StatusAsync(access, "POST", "/v2/models/hidden/infer", key, Question));
        Assert.DoesNotContain("hidden", (await BodyAsync(access, "GET", "/v2/aliases", key)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Control_OfSomeModels_DoesNotReachBeyondThem()
    {
        using var repository = new TemporaryDirectory();
        Write(repository, "ours", "theirs");
        await using var access = new AccessFixture();
        var key = access.AddKey("team", """[{"scopes": ["control", "inference"], "models": ["ours*"]}]""");
        await access.StartAsync(repository.FullPath, "--model-control-mode=explicit", "--load-model=*", "--allow-setting-changes=true", "--allow-client-shm=true");
        Assert.Equal(200, await StatusAsync(access, "POST", "/v2/repository/models/ours/unload", key, "{}"));
        Assert.Equal(200, await StatusAsync(access, "POST", "/v2/repository/models/ours/load", key, "{}"));
        foreach (var (path, body) in new[]
        {
            ("/v2/repository/models/theirs/unload", "{}"),
            ("/v2/repository/models/nothing/load", "{}"),

            // An ensemble of one's own would get to every model; unloading one, to those of its steps.
            ("/v2/repository/models/ours_made/load", """{"parameters": {"config": "{\"backend\": \"identity\"}"}}"""),
            ("/v2/repository/models/ours/unload", """{"parameters": {"unload_dependents": true}}"""),
            ("/v2/logging", """{"log_info": false}"""),
            ("/v2/trace/setting", "{}"),
            ("/v2/systemsharedmemory/region/r/register", "{}"),
            ("/v2/aliases/ours_alias", """{"targets": [{"model": "theirs", "weight": 1, "stable": true}]}"""),
        })
        {
            Assert.Equal((403, path), (await StatusAsync(access, path.Contains("aliases", StringComparison.Ordinal) ? "PUT" : "POST", path, key, body), path));
        }

        // Nor may a request have tensors where others have theirs.
        var shared = """{"inputs":[{"name":"X","datatype":"FP32","shape":[1],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":4}}]}""";
        var (status, text, response) = await access.SendAsync("POST", "/v2/models/ours/infer", key, shared);
        response.Dispose();
        Assert.Equal(403, status);
        Assert.Contains("shared-memory", text, StringComparison.Ordinal);
    }

    /// <summary>Whoever reads the message: one is read where it lies, and a compressed one by gRPC's library.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Rpc_WithATensorInSharedMemory_NeedsTheRightToThat(bool isInput, bool isCompressed)
    {
        using var repository = new TemporaryDirectory();
        Write(repository, "ours");
        await using var access = new AccessFixture();
        var key = access.AddKey("team", """[{"scopes": ["inference"], "models": ["ours"]}]""");
        var admin = access.AddAdmin();
        await access.StartAsync(repository.FullPath, "--allow-client-shm=true");
        var message = Ask("ours");
        if (isInput)
        {
            message.RawInputContents.Clear();
        }

        message.Outputs.Add(new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "Y" });
        var parameters = isInput ? message.Inputs[0].Parameters : message.Outputs[0].Parameters;
        parameters["shared_memory_region"] = new InferParameter { StringParam = "r" };
        parameters["shared_memory_byte_size"] = new InferParameter { Int64Param = 4 };
        var (refused, answered) = (Headers(key), Headers(admin));
        if (isCompressed)
        {
            refused.Add("grpc-internal-encoding-request", "gzip");
            answered.Add("grpc-internal-encoding-request", "gzip");
        }

        Assert.Equal(StatusCode.PermissionDenied, await FailAsync(access.Server.Rpc.ModelInferAsync(message, refused, cancellationToken: Cancellation).ResponseAsync));

        // Who may finds out that there is no such region.
        Assert.Equal(StatusCode.NotFound, await FailAsync(access.Server.Rpc.ModelInferAsync(message, answered, cancellationToken: Cancellation).ResponseAsync));
    }

    [Fact]
    public async Task Stream_MessageWithoutTheRight_IsRefusedByItself()
    {
        using var repository = new TemporaryDirectory();
        Write(repository, "ours", "theirs");
        await using var access = new AccessFixture();
        var key = access.AddKey("team", """[{"scopes": ["inference"], "models": ["ours"]}]""", """, "limits": {"concurrent_requests": 1}""");
        await access.StartAsync(repository.FullPath);
        using var stream = access.Server.Rpc.ModelStreamInfer(Headers(key), cancellationToken: Cancellation);
        foreach (var name in new[] { "ours", "theirs", "nothing", "ours" })
        {
            await stream.RequestStream.WriteAsync(Ask(name), Cancellation);
            Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
            Assert.Equal(name == "ours" ? "" : "the caller has no right to this model: expected the scope inference for it", stream.ResponseStream.Current.ErrorMessage);
        }

        await stream.RequestStream.CompleteAsync();
        Assert.False(await stream.ResponseStream.MoveNext(Cancellation));
    }

    /// <summary>Whether the address, the message or the body shows it.</summary>
    [Fact]
    public async Task Refusals_AreCounted_WhereverTheyAreFound()
    {
        using var repository = new TemporaryDirectory();
        Write(repository, "ours", "theirs");
        await using var access = new AccessFixture();
        var key = access.AddKey("team", """[{"scopes": ["inference", "metrics"], "models": ["ours"]}]""");
        var slow = access.AddKey("slow", """[{"scopes": ["inference"], "models": ["*"]}]""", """, "limits": {"requests_per_second": 0.001, "burst": 2}""");
        await access.StartAsync(repository.FullPath, "--allow-client-shm=true");

        Assert.Equal(403, await StatusAsync(access, "POST", "/v2/models/theirs/infer", key, Question));
        await ExpectAsync(access, key, forbidden: 1);
        Assert.Equal(StatusCode.PermissionDenied, await FailAsync(access.Server.Rpc.ModelInferAsync(Ask("theirs"), Headers(key), cancellationToken: Cancellation).ResponseAsync));
        await ExpectAsync(access, key, forbidden: 2);
        const string Shared = """{"inputs":[{"name":"X","datatype":"FP32","shape":[1],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":4}}]}""";
        Assert.Equal(403, await StatusAsync(access, "POST", "/v2/models/ours/infer", key, Shared));
        await ExpectAsync(access, key, forbidden: 3);
        using var stream = access.Server.Rpc.ModelStreamInfer(Headers(key), cancellationToken: Cancellation);
        foreach (var name in (string[])["theirs", "ours", "nothing"])
        {
            await stream.RequestStream.WriteAsync(Ask(name), Cancellation);
            Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
        }

        await ExpectAsync(access, key, forbidden: 5);
        Assert.Equal(StatusCode.Unauthenticated, await FailAsync(access.Server.Rpc.ModelInferAsync(Ask("ours"), Headers("nobody's"), cancellationToken: Cancellation).ResponseAsync));
        await ExpectAsync(access, key, forbidden: 5, unauthenticated: 1);

        // To open a stream is one request, and each of its requests one more.
        using var limited = access.Server.Rpc.ModelStreamInfer(Headers(slow), cancellationToken: Cancellation);
        foreach (var isRefused in (bool[])[false, true])
        {
            await limited.RequestStream.WriteAsync(Ask("ours"), Cancellation);
            Assert.True(await limited.ResponseStream.MoveNext(Cancellation));
            Assert.Equal(isRefused, limited.ResponseStream.Current.ErrorMessage.Length > 0);
        }

        await ExpectAsync(access, key, forbidden: 5, unauthenticated: 1, limited: 1);
    }

    private static async Task ExpectAsync(AccessFixture access, string key, int forbidden, int unauthenticated = 0, int limited = 0)
    {
        var (_, metrics, response) = await access.SendAsync("GET", access.Server.MetricsAddress, key);
        response.Dispose();
        var found = metrics.Split('\n').Where(static line => line.StartsWith("inference_server_access_refused_total{", StringComparison.Ordinal)).Order();
        Assert.Equal(
            new[] { ("forbidden", forbidden), ("limited", limited), ("unauthenticated", unauthenticated), ("undecided", 0) }.Select(static one => $"inference_server_access_refused_total{{reason=\"{one.Item1}\"}} {one.Item2}"),
            found);
    }

    [Fact]
    public async Task Namespaces_RightsAreForWholeNames()
    {
        using var folder = new TemporaryDirectory();
        foreach (var name in new[] { "east/both", "west/both", "west/single" })
        {
            folder.Write($"{name}/1/model.onnx", ScaledModel.Of(1));
        }

        await using var access = new AccessFixture();
        var key = access.AddKey("east", """[{"scopes": ["inference"], "models": ["east::*"]}]""");
        var plain = access.AddKey("plain", """[{"scopes": ["inference"], "models": ["single", "both", "nothing"]}]""");
        var west = access.AddKey("west", """[{"scopes": ["inference"], "models": ["west::*"]}]""");
        await access.StartAsync(Path.Combine(folder.FullPath, "east"), "--model-repository=" + Path.Combine(folder.FullPath, "west"), "--model-namespacing=true");
        Assert.Equal(200, await StatusAsync(access, "POST", "/v2/models/east::both/infer", key, Question));
        Assert.Equal(200, await StatusAsync(access, "POST", "/v2/models/single/infer", west, Question));
        foreach (var (name, other) in new[] { ("west::both", key), ("single", key), ("both", key), ("nothing", key), ("single", plain), ("both", plain), ("nothing", plain), ("west::single", plain) })
        {
            Assert.Equal((403, name), (await StatusAsync(access, "POST", $"/v2/models/{name}/infer", other, Question), name));
        }
    }

    [Fact]
    public async Task Ensemble_ItsRightSuffices()
    {
        await using var access = new AccessFixture();
        var key = access.AddKey("app", """[{"scopes": ["inference"], "models": ["digits_reader"]}]""");
        await access.StartAsync(SampleServer.Repository);
        var pixels = string.Join(',', Enumerable.Repeat("0", 64));
        Assert.Equal(200, await StatusAsync(access, "POST", "/v2/models/digits_reader/infer", key, $$"""{"inputs":[{"name":"pixels","datatype":"UINT8","shape":[1,8,8],"data":[{{pixels}}]}]}"""));
        Assert.Equal(403, await StatusAsync(access, "GET", "/v2/models/digits/ready", key));
    }

    private static ModelInferRequest Ask(string model) => new()
    {
        ModelName = model,
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "FP32", Shape = { 1 } } },
        RawInputContents = { Google.Protobuf.ByteString.CopyFrom(BitConverter.GetBytes(1f)) },
    };

    private static void Write(TemporaryDirectory repository, params string[] names)
    {
        foreach (var name in names)
        {
            repository.Write($"{name}/1/model.onnx", ScaledModel.Of(1));
        }
    }

    private static Metadata Headers(string key) => new() { { "authorization", "Bearer " + key } };

    private static async Task<StatusCode> FailAsync<T>(Task<T> call) => (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode;

    private static async Task<int> StatusAsync(AccessFixture access, string method, string path, string key, string? body = null)
    {
        var (status, _, response) = await access.SendAsync(method, path, key, body);
        response.Dispose();
        return status;
    }

    private static async Task<JsonElement> BodyAsync(AccessFixture access, string method, string path, string key)
    {
        var (status, body, response) = await access.SendAsync(method, path, key);
        response.Dispose();
        Assert.True(status == 200, body);
        using var document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }

    private static IEnumerable<string?> Names(JsonElement list, string member) => list.EnumerateArray().Select(one => one.GetProperty(member).GetString()).Distinct();
}

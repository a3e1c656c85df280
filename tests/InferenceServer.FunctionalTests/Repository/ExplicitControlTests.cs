using System.Net;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.FunctionalTests.Repository;

/// <summary>Models that come and go by request, on a real repository, over both protocols.</summary>
public sealed class ExplicitControlTests : IDisposable
{
    private const string Explicit = "--model-control-mode=explicit";

    private readonly TemporaryDirectory _repository = new();

    public ExplicitControlTests()
    {
        _repository.Write("first/1/model.onnx", Scaled(10));
        _repository.Write("first/2/model.onnx", Scaled(20));
        _repository.Write("second/1/model.onnx", Scaled(3));
        _repository.Write("broken/1/model.onnx", "junk"u8);
        _repository.Write("misspelt/1/model.onnx", Scaled(1));
        _repository.Write("misspelt/config.pbtxt", "max_batch_sise: 4");
        Directory.CreateDirectory(Path.Combine(_repository.FullPath, "empty"));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Start_LoadsWhatIsNamedAndNothingElse()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [Explicit, "--load-model=first"]);
        Assert.Equal(["broken", "empty", "first 2 READY", "misspelt", "second"], await IndexAsync(server));
        Assert.Equal(20, await AskAsync(server, "first"));
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/v2/health/ready", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync("/v2/models/second", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Start_WithAStar_LoadsAll()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: [Explicit, "--load-model=*"]);
        Assert.Contains("second 1 READY", await IndexAsync(server));
        Assert.Contains("broken 1 UNAVAILABLE", await IndexAsync(server));
    }

    [Fact]
    public async Task Start_OfAModelThatIsNotThere_IsNotReadyAndSaysWhy()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: [Explicit, "--load-model=nothing"]);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Http.GetAsync("/v2/health/ready", Cancellation)).StatusCode);
        Assert.Contains(server.LoggedErrors, static error => error.Contains("nothing", StringComparison.Ordinal) && error.Contains("no repository has", StringComparison.Ordinal));
    }

    [Fact]
    public async Task LoadUseUnload_OverBothProtocols()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [Explicit]);
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/second/load", ""));
        Assert.Equal(3, await AskAsync(server, "second"));
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/second/unload", ""));
        Assert.Contains("has no available versions", (await server.PostAsync("/v2/models/second/infer", Question)).Body, StringComparison.Ordinal);
        await server.Rpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "second" }, cancellationToken: Cancellation);
        Assert.Equal(3, await AskAsync(server, "second"));
        await server.Rpc.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "second" }, cancellationToken: Cancellation);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelReadyAsync(new ModelReadyRequest { Name = "second" }, cancellationToken: Cancellation))).StatusCode);
        Assert.Contains(await IndexAsync(server), static entry => entry is "second 1 UNAVAILABLE" or "second 1 UNLOADING");
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/v2/health/ready", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task NewVersionOnDisk_ServesAfterALoadAndOnlyThen()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [Explicit, "--load-model=second"]);
        _repository.Write("second/2/model.onnx", Scaled(4));
        Assert.Equal(3, await AskAsync(server, "second"));
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/second/load", ""));
        Assert.Equal(4, await AskAsync(server, "second"));
        var (status, body) = await server.PostAsync("/v2/models/second/versions/1/infer", Question);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("version 1 is not at ready state", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenModels_AreToldOneByOneAndDisturbNothing()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: [Explicit, "--load-model=first"]);
        await RefusedAsync(server, "nothing", "", HttpStatusCode.InternalServerError, "'nothing'", "no repository has");
        await RefusedAsync(server, "broken", "", HttpStatusCode.BadRequest, "'broken'", "version 1");
        await RefusedAsync(server, "misspelt", "", HttpStatusCode.BadRequest, "config.pbtxt:1:1", "did you mean 'max_batch_size'");
        await RefusedAsync(server, "empty", "", HttpStatusCode.BadRequest, "'empty'", "version");
        await RefusedAsync(server, "first", """{"parameters":{"config":"{\"max_batch_sise\":4}"}}""", HttpStatusCode.BadRequest, "max_batch_sise");
        await RefusedAsync(server, "first", """{"parameters":{"config":"{}","file:../x":"AAAA"}}""", HttpStatusCode.BadRequest, "'file:../x'");
        await RefusedAsync(server, "first", """{"parameters":{"config":"{}","file:1/a":"AAAA","file:1/a/b":"AAAA"}}""", HttpStatusCode.BadRequest, "'file:1/a'");
        await RefusedAsync(server, "first", """{"parameters":{"config":"{}","file:3/model.onnx":"AAAA"}}""", HttpStatusCode.BadRequest, "version 3");
        Assert.Equal(20, await AskAsync(server, "first"));
        Assert.Equal(["broken 1 UNAVAILABLE", "first 2 READY", "first 3 UNAVAILABLE", "misspelt", "second"], await IndexAsync(server));
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Http.GetAsync("/v2/health/ready", Cancellation)).StatusCode);

        // What has failed and is not wanted any more keeps nobody from being ready.
        await server.PostAsync("/v2/repository/models/broken/unload", "");
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/v2/health/ready", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task ConfigOverride_ServesOtherVersionsUntilTheFilesChange()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [Explicit, "--load-model=first"]);
        var loaded = server.Statuses.Single(static status => status.Name == "first").Served;
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/first/load", """{"parameters":{"config":"{\"version_policy\":{\"all\":{}}}"}}"""));
        Assert.Equal(10, await AskAsync(server, "first/versions/1"));
        Assert.Equal(20, await AskAsync(server, "first/versions/2"));

        // The version that served before is the same object: nothing of it was loaded anew, and its configuration tells the new policy.
        Assert.Same(loaded, server.Statuses.Single(static status => status is { Name: "first", Version: 2 }).Served);
        Assert.Contains("\"version_policy\":{\"all\":{}}", await server.Http.GetStringAsync("/v2/models/first/config", Cancellation), StringComparison.Ordinal);
        await server.PostAsync("/v2/repository/models/first/load", "");
        Assert.Equal(10, await AskAsync(server, "first/versions/1"));
        _repository.Write("first/3/model.onnx", Scaled(30));
        await server.PostAsync("/v2/repository/models/first/load", "");
        Assert.Equal(30, await AskAsync(server, "first"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.PostAsync("/v2/models/first/versions/1/infer", Question)).Status);
    }

    [Fact]
    public async Task FileOverride_ServesUntilAPlainLoadAndWritesNothingToTheRepository()
    {
        var before = Directory.GetFileSystemEntries(_repository.FullPath, "*", SearchOption.AllDirectories);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [Explicit, "--load-model=first"]);
        var request = new RepositoryModelLoadRequest
        {
            ModelName = "first",
            Parameters = { ["config"] = new() { StringParam = "{}" }, ["file:7/model.onnx"] = new() { BytesParam = ByteString.CopyFrom(Scaled(70)) } },
        };
        await server.Rpc.RepositoryModelLoadAsync(request, cancellationToken: Cancellation);
        Assert.Equal(70, await AskAsync(server, "first"));
        Assert.Equal("7", (await server.Rpc.ModelMetadataAsync(new ModelMetadataRequest { Name = "first" }, cancellationToken: Cancellation)).Versions.Single());
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/first/load", ""));
        Assert.Equal(20, await AskAsync(server, "first"));

        // A model that no repository has serves too; the index lists what the repositories have.
        request.ModelName = "third";
        await server.Rpc.RepositoryModelLoadAsync(request, cancellationToken: Cancellation);
        Assert.Equal(70, await AskAsync(server, "third"));
        Assert.DoesNotContain(await IndexAsync(server), static entry => entry.StartsWith("third", StringComparison.Ordinal));
        Assert.Equal(before, Directory.GetFileSystemEntries(_repository.FullPath, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task WithoutExplicitMode_LoadAndUnloadAreRefusedAndTheIndexIsThere()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true);
        Assert.Contains("explicit model load / unload is not allowed", (await server.PostAsync("/v2/repository/models/first/load", "")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.PostAsync("/v2/repository/models/first/unload", "")).Status);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "first" }, cancellationToken: Cancellation))).StatusCode);
        Assert.Equal(["broken 1 UNAVAILABLE", "empty UNAVAILABLE", "first 2 READY", "misspelt UNAVAILABLE", "second 1 READY"], await IndexAsync(server));
        var (_, ready) = await server.PostAsync("/v2/repository/index", """{"ready":true}""");
        Assert.Equal("""[{"name":"first","version":"2","state":"READY"},{"name":"second","version":"1","state":"READY"}]""", ready);
    }

    private const string Question = """{"inputs":[{"name":"X","datatype":"FP32","shape":[1],"data":[1]}]}""";

    /// <summary>A model that multiplies: which one has answered shows in the answer.</summary>
    private static byte[] Scaled(float factor) => new OnnxModelBuilder()
        .Input("X", OnnxElementType.Float, 1)
        .Output("Y", OnnxElementType.Float, 1)
        .Initializer("factor", OnnxTensor.Floats([1], factor))
        .Node("Mul", ["X", "factor"], ["Y"])
        .Build();

    private static async Task<float> AskAsync(RunningServer server, string model)
    {
        var (status, body) = await server.PostAsync($"/v2/models/{model}/infer", Question);
        Assert.True(status == HttpStatusCode.OK, body);
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("outputs")[0].GetProperty("data")[0].GetSingle();
    }

    private static async Task RefusedAsync(RunningServer server, string model, string request, HttpStatusCode expected, params string[] words)
    {
        var (status, body) = await server.PostAsync($"/v2/repository/models/{model}/load", request);
        Assert.Equal(expected, status);
        using var document = JsonDocument.Parse(body);
        var error = document.RootElement.GetProperty("error").GetString();
        Assert.All(words, word => Assert.Contains(word, error, StringComparison.Ordinal));
    }

    private static async Task<string[]> IndexAsync(RunningServer server)
    {
        var (status, body) = await server.PostAsync("/v2/repository/index", "");
        Assert.Equal(HttpStatusCode.OK, status);
        using var document = JsonDocument.Parse(body);
        return [.. document.RootElement.EnumerateArray().Select(static entry => string.Join(' ', new[] { "name", "version", "state" }.Select(member => entry.TryGetProperty(member, out var value) ? value.GetString() : null).OfType<string>()))];
    }
}

using System.Net;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Repository;

/// <summary>Models that come and go by request, on a real repository, over both protocols.</summary>
public sealed class ExplicitControlTests : IDisposable
{
    private const string Explicit = "--model-control-mode=explicit";

    private readonly TemporaryDirectory _repository = new();

    public ExplicitControlTests()
    {
        _repository.Write("first/1/model.onnx", ScaledModel.Of(10));
        _repository.Write("first/2/model.onnx", ScaledModel.Of(20));
        _repository.Write("second/1/model.onnx", ScaledModel.Of(3));
        _repository.Write("broken/1/model.onnx", "junk"u8);
        _repository.Write("misspelt/1/model.onnx", ScaledModel.Of(1));
        _repository.Write("misspelt/config.pbtxt", "max_batch_sise: 4");
        Directory.CreateDirectory(Path.Combine(_repository.FullPath, "empty"));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Start_LoadsWhatIsNamedAndNothingElse()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [Explicit, "--load-model=first"]);
        Assert.Equal(["broken", "empty", "first 2 READY", "misspelt", "second"], await ScaledModel.IndexAsync(server));
        Assert.Equal(20, await ScaledModel.AskAsync(server, "first"));
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/v2/health/ready", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.GetAsync("/v2/models/second", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Start_WithAStar_LoadsAll()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: [Explicit, "--load-model=*"]);
        Assert.Contains("second 1 READY", await ScaledModel.IndexAsync(server));
        Assert.Contains("broken 1 UNAVAILABLE", await ScaledModel.IndexAsync(server));
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
        Assert.Equal(3, await ScaledModel.AskAsync(server, "second"));
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/second/unload", ""));
        Assert.Contains("has no available versions", (await server.PostAsync("/v2/models/second/infer", ScaledModel.Question)).Body, StringComparison.Ordinal);
        await server.Rpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "second" }, cancellationToken: Cancellation);
        Assert.Equal(3, await ScaledModel.AskAsync(server, "second"));
        await server.Rpc.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "second" }, cancellationToken: Cancellation);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelReadyAsync(new ModelReadyRequest { Name = "second" }, cancellationToken: Cancellation))).StatusCode);
        Assert.Contains(await ScaledModel.IndexAsync(server), static entry => entry is "second 1 UNAVAILABLE" or "second 1 UNLOADING");
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/v2/health/ready", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task NewVersionOnDisk_ServesAfterALoadAndOnlyThen()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [Explicit, "--load-model=second"]);
        _repository.Write("second/2/model.onnx", ScaledModel.Of(4));
        Assert.Equal(3, await ScaledModel.AskAsync(server, "second"));
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/second/load", ""));
        Assert.Equal(4, await ScaledModel.AskAsync(server, "second"));
        var (status, body) = await server.PostAsync("/v2/models/second/versions/1/infer", ScaledModel.Question);
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
        Assert.Equal(20, await ScaledModel.AskAsync(server, "first"));
        Assert.Equal(["broken 1 UNAVAILABLE", "first 2 READY", "first 3 UNAVAILABLE", "misspelt", "second"], await ScaledModel.IndexAsync(server));
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
        Assert.Equal(10, await ScaledModel.AskAsync(server, "first/versions/1"));
        Assert.Equal(20, await ScaledModel.AskAsync(server, "first/versions/2"));

        // The version that served before is the same object: nothing of it was loaded anew, and its configuration tells the new policy.
        Assert.Same(loaded, server.Statuses.Single(static status => status is { Name: "first", Version: 2 }).Served);
        Assert.Contains("\"version_policy\":{\"all\":{}}", await server.Http.GetStringAsync("/v2/models/first/config", Cancellation), StringComparison.Ordinal);
        await server.PostAsync("/v2/repository/models/first/load", "");
        Assert.Equal(10, await ScaledModel.AskAsync(server, "first/versions/1"));
        _repository.Write("first/3/model.onnx", ScaledModel.Of(30));
        await server.PostAsync("/v2/repository/models/first/load", "");
        Assert.Equal(30, await ScaledModel.AskAsync(server, "first"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.PostAsync("/v2/models/first/versions/1/infer", ScaledModel.Question)).Status);
    }

    [Fact]
    public async Task FileOverride_ServesUntilAPlainLoadAndWritesNothingToTheRepository()
    {
        var before = Directory.GetFileSystemEntries(_repository.FullPath, "*", SearchOption.AllDirectories);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: [Explicit, "--load-model=first"]);
        var request = new RepositoryModelLoadRequest
        {
            ModelName = "first",
            Parameters = { ["config"] = new() { StringParam = "{}" }, ["file:7/model.onnx"] = new() { BytesParam = ByteString.CopyFrom(ScaledModel.Of(70)) } },
        };
        await server.Rpc.RepositoryModelLoadAsync(request, cancellationToken: Cancellation);
        Assert.Equal(70, await ScaledModel.AskAsync(server, "first"));
        Assert.Equal("7", (await server.Rpc.ModelMetadataAsync(new ModelMetadataRequest { Name = "first" }, cancellationToken: Cancellation)).Versions.Single());
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/repository/models/first/load", ""));
        Assert.Equal(20, await ScaledModel.AskAsync(server, "first"));

        // A model that no repository has serves too; the index lists what the repositories have.
        request.ModelName = "third";
        await server.Rpc.RepositoryModelLoadAsync(request, cancellationToken: Cancellation);
        Assert.Equal(70, await ScaledModel.AskAsync(server, "third"));
        Assert.DoesNotContain(await ScaledModel.IndexAsync(server), static entry => entry.StartsWith("third", StringComparison.Ordinal));
        Assert.Equal(before, Directory.GetFileSystemEntries(_repository.FullPath, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task WithoutExplicitMode_LoadAndUnloadAreRefusedAndTheIndexIsThere()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true);
        Assert.Contains("explicit model load / unload is not allowed", (await server.PostAsync("/v2/repository/models/first/load", "")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.PostAsync("/v2/repository/models/first/unload", "")).Status);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "first" }, cancellationToken: Cancellation))).StatusCode);
        Assert.Equal(["broken 1 UNAVAILABLE", "empty UNAVAILABLE", "first 2 READY", "misspelt UNAVAILABLE", "second 1 READY"], await ScaledModel.IndexAsync(server));
        var (_, ready) = await server.PostAsync("/v2/repository/index", """{"ready":true}""");
        Assert.Equal("""[{"name":"first","version":"2","state":"READY"},{"name":"second","version":"1","state":"READY"}]""", ready);
    }


    /// <summary>A model that multiplies: which one has answered shows in the answer.</summary>
    private static async Task RefusedAsync(RunningServer server, string model, string request, HttpStatusCode expected, params string[] words)
    {
        var (status, body) = await server.PostAsync($"/v2/repository/models/{model}/load", request);
        Assert.Equal(expected, status);
        using var document = JsonDocument.Parse(body);
        var error = document.RootElement.GetProperty("error").GetString();
        Assert.All(words, word => Assert.Contains(word, error, StringComparison.Ordinal));
    }
}

using System.Net;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Repository;

/// <summary>Models that are in memory while they are needed, as clients and probes see them.</summary>
public sealed class OnDemandTests : IDisposable
{
    private static readonly string[] s_flags = ["--model-residency=on-demand"];

    private readonly TemporaryDirectory _repository = new();

    public OnDemandTests()
    {
        _repository.Write("a/1/model.onnx", ScaledModel.Of(10));
        _repository.Write("pinned/1/model.onnx", ScaledModel.Of(3));
        _repository.Write("pinned/config.pbtxt", "parameters { key: \"residency\" value { string_value: \"pinned\" } }"u8.ToArray());
        _repository.Write("broken/1/model.onnx", "no model"u8.ToArray());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Model_IsLoadedForTheFirstThatAsks_OverAnyProtocol()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: s_flags);

        // Nothing of them is in memory, and they can be called: that is what clients want to know.
        Assert.Equal(["a 1 READY", "broken 1 READY", "pinned 1 READY"], await ScaledModel.IndexAsync(server));
        Assert.Equal((0, 0, 1), (Loads(server, "a"), Loads(server, "broken"), Loads(server, "pinned")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/v2/health/ready"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/v2/models/a/ready"));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "a"));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "a"));
        Assert.Equal(1, Loads(server, "a"));
    }

    [Fact]
    public async Task Metadata_LoadsAModelThatNeverWas()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: s_flags);
        var metadata = await server.Http.GetStringAsync(new Uri("/v2/models/a", UriKind.Relative), Token);
        Assert.StartsWith("""{"name":"a","versions":["1"],"platform":"onnxruntime_onnx","inputs":[""", metadata, StringComparison.Ordinal);
        Assert.Equal(1, Loads(server, "a"));
    }

    [Fact]
    public async Task Rpc_LoadsAModelToo_AndReadinessTellsOfThoseThatCannotBe()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: s_flags);
        var client = server.Rpc;
        Assert.True((await client.ModelReadyAsync(new ModelReadyRequest { Name = "broken" }, cancellationToken: Token)).Ready);
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await client.ModelMetadataAsync(new ModelMetadataRequest { Name = "broken" }, cancellationToken: Token));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("'broken', which is loaded on demand: version 1 is at UNAVAILABLE state: 'model.onnx' cannot be loaded", failure.Status.Detail, StringComparison.Ordinal);
        var notReady = await Assert.ThrowsAsync<RpcException>(async () => await client.ModelReadyAsync(new ModelReadyRequest { Name = "broken" }, cancellationToken: Token));
        Assert.Equal(StatusCode.Unavailable, notReady.StatusCode);
        Assert.Equal("a", (await client.ModelConfigAsync(new ModelConfigRequest { Name = "a" }, cancellationToken: Token)).Config.Name);

        // One broken model says so in the index; the others serve.
        Assert.Contains("broken 1 UNAVAILABLE", await ScaledModel.IndexAsync(server));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "a"));
    }

    [Fact]
    public async Task LoadAndUnload_ByName_CountAsEver()
    {
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: [.. s_flags, "--model-control-mode=explicit"]);
        Assert.Equal(HttpStatusCode.OK, await PostAsync(server, "/v2/repository/models/a/load"));
        Assert.Equal(1, Loads(server, "a"));
        Assert.Equal(10, await ScaledModel.AskAsync(server, "a"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(server, "/v2/repository/models/a/unload"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(server, "/v2/models/a"));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(server, "/v2/repository/models/broken/load"));
    }

    [Theory]
    [InlineData("residency", "sometimes", "parameter 'residency' must be one of pinned, on-demand, found 'sometimes'")]
    [InlineData("idle_unload_seconds", "-1", "parameter 'idle_unload_seconds' must be a whole number of seconds from 0 to 31536000, found '-1'")]
    public async Task WrongParameter_IsToldWithItsPlace(string key, string value, string problem)
    {
        _repository.Write("a/config.pbtxt", System.Text.Encoding.UTF8.GetBytes($"parameters {{ key: \"{key}\" value {{ string_value: \"{value}\" }} }}"));
        await using var server = await RunningServer.StartAsync(_repository.FullPath, expectsErrors: true, flags: s_flags);
        using var answer = await server.Http.PostAsync(new Uri("/v2/repository/index", UriKind.Relative), null, Token);
        Assert.Contains(problem, await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private static int Loads(RunningServer server, string model) =>
        server.Log.Events.Count(one => one.MessageTemplate.Text.EndsWith("is loading", StringComparison.Ordinal) && one.Properties["Model"].ToString() == $"\"{model}\"");

    private static async Task<HttpStatusCode> StatusAsync(RunningServer server, string path)
    {
        using var answer = await server.Http.GetAsync(new Uri(path, UriKind.Relative), Token);
        return answer.StatusCode;
    }

    private static async Task<HttpStatusCode> PostAsync(RunningServer server, string path)
    {
        using var answer = await server.Http.PostAsync(new Uri(path, UriKind.Relative), null, Token);
        return answer.StatusCode;
    }
}

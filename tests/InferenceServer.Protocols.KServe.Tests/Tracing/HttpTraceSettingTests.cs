using System.Net;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Tracing;

public sealed class HttpTraceSettingTests
{
    private const string Shown = """{"trace_level":["TIMESTAMPS","TENSORS"],"trace_rate":"7","trace_count":"3","log_frequency":"5","trace_file":"traces.json","trace_mode":"triton"}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v2/trace/setting", HttpStatusCode.OK)]
    [InlineData("/v2/models/echo/trace/setting", HttpStatusCode.OK)]
    [InlineData("/v2/models/nothing/trace/setting", HttpStatusCode.NotFound)]
    [InlineData("/v2/models/echo/versions/1/trace/setting", HttpStatusCode.NotFound)]
    public async Task Get_ShowsTheSettingsOfAKnownModelOrOfAll(string path, HttpStatusCode expected)
    {
        await using var server = await KServeServer.StartAsync();
        using var response = await server.Client.GetAsync(path, Token);
        var body = await response.Content.ReadAsStringAsync(Token);
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK, body == Shown);
    }

    [Theory]
    [InlineData("""{"trace_level":["OFF"]}""", TraceLevels.Off)]
    [InlineData("""{"trace_level":["TIMESTAMPS"]}""", TraceLevels.Timestamps)]
    [InlineData("""{"trace_level":["tensors","TIMESTAMPS"]}""", TraceLevels.Timestamps | TraceLevels.Tensors)]
    [InlineData("""{"trace_level":null}""", null)]
    [InlineData("""{"trace_level":[]}""", null)]
    public async Task Post_OfLevels_SetsOrClearsThem(string body, TraceLevels? expected)
    {
        await using var server = await KServeServer.StartAsync();
        Assert.Equal((HttpStatusCode.OK, Shown), await PostAsync(server, "/v2/trace/setting", body));
        Assert.Equal(new TraceSettingsUpdate { Levels = new(expected) }, server.Control.Traces.LastUpdate);
        Assert.Equal("", server.Control.Traces.LastModel);
    }

    [Fact]
    public async Task Post_OfNumbers_SetsOrClearsThem()
    {
        await using var server = await KServeServer.StartAsync();
        await PostAsync(server, "/v2/models/echo/trace/setting", """{"trace_rate":"9","trace_count":"-1","log_frequency":null,"trace_file":null,"trace_mode":null,"trace_rate":"10"}""");
        Assert.Equal(new TraceSettingsUpdate { Rate = new(9), Count = new(-1), LogFrequency = new(null) }, server.Control.Traces.LastUpdate);
        Assert.Equal("echo", server.Control.Traces.LastModel);
    }

    [Theory]
    [InlineData("""{"trace_level":["OFF","TENSORS"]}""", HttpStatusCode.BadRequest, "trace_level", "OFF with others")]
    [InlineData("""{"trace_level":["TIMESTAMPS","TIMESTAMP"]}""", HttpStatusCode.BadRequest, "trace_level", "'TIMESTAMP'")]
    [InlineData("""{"trace_level":"OFF"}""", HttpStatusCode.BadRequest, "trace_level", "array")]
    [InlineData("""{"trace_level":["OFF",1]}""", HttpStatusCode.BadRequest, "trace_level", "a number")]
    [InlineData("""{"trace_rate":"x"}""", HttpStatusCode.BadRequest, "trace_rate", "'x'")]
    [InlineData("""{"trace_rate":"-1"}""", HttpStatusCode.BadRequest, "trace_rate", "'-1'")]
    [InlineData("""{"trace_rate":"99999999999999999999"}""", HttpStatusCode.BadRequest, "trace_rate")]
    [InlineData("""{"trace_rate":7}""", HttpStatusCode.BadRequest, "trace_rate", "a string", "a number")]
    [InlineData("""{"trace_count":"-2"}""", HttpStatusCode.BadRequest, "trace_count", "-1", "'-2'")]
    [InlineData("""{"log_frequency":["1"]}""", HttpStatusCode.BadRequest, "log_frequency", "an array")]
    [InlineData("""{"trace_file":"x"}""", HttpStatusCode.NotImplemented, "trace_file")]
    [InlineData("""{"trace_mode":"opentelemetry"}""", HttpStatusCode.NotImplemented, "trace_mode")]
    [InlineData("""{"trace_leve":["OFF"]}""", HttpStatusCode.BadRequest, "trace_leve", "trace_level")]
    [InlineData("""{"nothing":1}""", HttpStatusCode.BadRequest, "'nothing'", "trace_level")]
    [InlineData("""{"trace_level":["OFF"}""", HttpStatusCode.BadRequest, "parse")]
    [InlineData("""{"trace_level":[OFF]}""", HttpStatusCode.BadRequest, "parse")]
    [InlineData("""{"trace_rate":"7""", HttpStatusCode.BadRequest, "parse")]
    [InlineData("""{"trace_rate":nul}""", HttpStatusCode.BadRequest, "parse")]
    [InlineData("", HttpStatusCode.BadRequest, "empty")]
    public async Task Post_ThatIsWrong_ChangesNothingAndNamesTheSetting(string body, HttpStatusCode expected, params string[] words)
    {
        await using var server = await KServeServer.StartAsync();
        var (status, error) = await PostAsync(server, "/v2/trace/setting", body);
        Assert.Equal(expected, status);
        Assert.All(words, word => Assert.Contains(word, error, StringComparison.Ordinal));
        Assert.Null(server.Control.Traces.LastUpdate);
    }

    [Fact]
    public async Task Post_OfManyLevels_IsRefused()
    {
        await using var server = await KServeServer.StartAsync();
        var (status, _) = await PostAsync(server, "/v2/trace/setting", $$"""{"trace_level":[{{string.Join(',', Enumerable.Repeat("\"TENSORS\"", 17))}}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Fact]
    public async Task Post_ThatTheServerRefuses_IsToldWhy()
    {
        await using var server = await KServeServer.StartAsync();
        server.Control.Traces.Refusal = new InferenceError(ErrorCode.InvalidArgument, "there is no file");
        var (status, error) = await PostAsync(server, "/v2/trace/setting", "{}");
        Assert.Equal((HttpStatusCode.BadRequest, """{"error":"there is no file"}"""), (status, error));
    }

    [Fact]
    public async Task Post_ForAnUnknownModel_IsNotFoundWhateverItsBody()
    {
        await using var server = await KServeServer.StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(server, "/v2/models/nothing/trace/setting", "nonsense")).Status);
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(KServeServer server, string path, string body)
    {
        using var response = await server.Client.PostAsync(path, new StringContent(body), Token);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Token));
    }
}

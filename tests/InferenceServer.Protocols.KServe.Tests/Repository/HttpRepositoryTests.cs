using System.Net;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Repository;

public sealed class HttpRepositoryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", false)]
    [InlineData("{}", false)]
    [InlineData("""{"ready":true,"more":[1]}""", true)]
    [InlineData("""{"ready":false}""", false)]
    public async Task Index_ShowsWhatIsKnown(string body, bool readyOnly)
    {
        await using var server = await KServeServer.StartAsync();
        var (status, text) = await PostAsync(server, "/v2/repository/index", body);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            """[{"name":"a","version":"2","state":"READY"},{"name":"b"},{"name":"c","version":"1","state":"UNAVAILABLE","reason":"unloaded"},{"name":"d","version":"1","state":"UNLOADING"},{"name":"e","version":"7","state":"LOADING"},{"name":"f","state":"UNAVAILABLE","reason":"it is \"broken\""}]""",
            text);
        Assert.Equal([$"list {readyOnly}"], server.Control.Repository.Asked);
    }

    [Theory]
    [InlineData("/v2/repository/index", """{"ready":"yes"}""", "'ready'", "true or false", "a string")]
    [InlineData("/v2/repository/index", """{"ready":true""", "offset 13")]
    [InlineData("/v2/repository/index", "[]", "an object", "an array")]
    [InlineData("/v2/repository/models/m/load", """{"parameters":[1]}""", "'parameters'", "an object", "an array")]
    [InlineData("/v2/repository/models/m/load", """{"parameters":{"config":{"a":1}}}""", "'config'", "a string", "an object")]
    [InlineData("/v2/repository/models/m/load", """{"parameters":{"colour":"red"}}""", "'colour'", "'config' or 'file:<version>/<file>'")]
    [InlineData("/v2/repository/models/m/load", """{"parameters":{"file:1/model.onnx":"AAAA"}}""", "'m'", "'config' must be specified")]
    [InlineData("/v2/repository/models/m/load", """{"parameters":{"config":"{}","file:1/model.onnx":"@@"}}""", "'file:1/model.onnx'", "base64")]
    [InlineData("/v2/repository/models/m/load", """{"parameters":{"config":"{}","file:1/model.onnx":7}}""", "'file:1/model.onnx'", "a string", "a number")]
    [InlineData("/v2/repository/models/m/unload", """{"parameters":{"unload_dependents":"yes"}}""", "'unload_dependents'", "true or false", "a string")]
    [InlineData("/v2/repository/models/m/unload", """{"parameters":{}""", "offset 16")]
    public async Task WrongBody_IsToldAndNothingIsAsked(string path, string body, params string[] words)
    {
        await using var server = await KServeServer.StartAsync();
        var (status, text) = await PostAsync(server, path, body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        var error = System.Text.Json.JsonDocument.Parse(text).RootElement.GetProperty("error").GetString();
        Assert.All(words, word => Assert.Contains(word, error, StringComparison.Ordinal));
        Assert.Empty(server.Control.Repository.Asked);
    }

    [Fact]
    public async Task LongBody_IsRefused()
    {
        await using var server = await KServeServer.StartAsync(new KServeHttpOptions { MaxInputSize = 64 });
        var (status, text) = await PostAsync(server, "/v2/repository/models/m/load", $$$"""{"parameters":{"config":"{{{new string('x', 64)}}}"}}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("--http-max-input-size", text, StringComparison.Ordinal);
        Assert.Empty(server.Control.Repository.Asked);
    }

    [Fact]
    public async Task Load_HandsTheOverrideOn()
    {
        await using var server = await KServeServer.StartAsync();
        var (status, text) = await PostAsync(server, "/v2/repository/models/m/load", """{"parameters":{"config":"{\"max_batch_size\":4}","file:1/model.onnx":"aGVsbG8=","file:labels.txt":""}}""");
        Assert.Equal((HttpStatusCode.OK, ""), (status, text));
        var replacement = server.Control.Repository.Replacement!;
        Assert.Equal("{\"max_batch_size\":4}", Encoding.UTF8.GetString(replacement.Config.Span));
        Assert.Equal("hello", Encoding.UTF8.GetString(replacement.Files["1/model.onnx"].Span));
        Assert.True(replacement.Files["labels.txt"].IsEmpty);
        await PostAsync(server, "/v2/repository/models/m/load", "");
        Assert.Null(server.Control.Repository.Replacement);
        Assert.Equal(["load m", "load m"], server.Control.Repository.Asked);
    }

    [Theory]
    [InlineData(ErrorCode.Unavailable, 503)]
    [InlineData(ErrorCode.InvalidArgument, 400)]
    [InlineData(ErrorCode.Internal, 500)]
    public async Task RefusedByTheServer_IsAnsweredAsItSays(ErrorCode code, int status)
    {
        await using var server = await KServeServer.StartAsync();
        server.Control.Repository.Answer = new InferenceError(code, "no");
        Assert.Equal((status, """{"error":"no"}"""), Of(await PostAsync(server, "/v2/repository/models/m/load", "")));
        Assert.Equal((status, """{"error":"no"}"""), Of(await PostAsync(server, "/v2/repository/models/m/unload", """{"parameters":{"unload_dependents":true,"other":1}}""")));

        static (int, string) Of((HttpStatusCode Status, string Text) answer) => ((int)answer.Status, answer.Text);
    }

    [Theory]
    [InlineData("/v2/repository/main/index")]
    [InlineData("/v2/repository/main/models/m/load")]
    [InlineData("/v2/repository/main/models/m/unload")]
    public async Task NamedRepository_IsNotSupported(string path)
    {
        await using var server = await KServeServer.StartAsync();
        var (status, text) = await PostAsync(server, path, "");
        Assert.Equal(HttpStatusCode.NotImplemented, status);
        Assert.Contains("'repository_name' specification is not supported", text, StringComparison.Ordinal);
        Assert.Empty(server.Control.Repository.Asked);
    }

    [Theory]
    [InlineData("/v2/repository/models/../load")]
    [InlineData("/v2/repository/models/a/../b/load")]
    [InlineData("/v2/repository/models/%2e%2e/load")]
    [InlineData("/v2/./repository/models/m/load")]
    public async Task PathWithDotSegments_MeansNothing(string path)
    {
        await using var server = await KServeServer.StartAsync();
        var (status, text) = await RawRequest.SendAsync(server.Address, $"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Assert.Equal(400, status);
        Assert.Contains("'..'", text, StringComparison.Ordinal);
        Assert.Empty(server.Control.Repository.Asked);
    }

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(KServeServer server, string path, string body)
    {
        using var content = new StringContent(body);
        using var response = await server.Client.PostAsync(new Uri(server.Address, path), content, Cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }
}

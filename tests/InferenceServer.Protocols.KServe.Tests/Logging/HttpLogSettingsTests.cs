using System.Net;
using InferenceServer.Core.Logging;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Logging;

public sealed class HttpLogSettingsTests
{
    private const string Defaults = """{"log_file":"","log_info":true,"log_warning":true,"log_error":true,"log_verbose_level":0,"log_format":"default"}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_ShowsTheSettings()
    {
        await using var server = await KServeServer.StartAsync();
        using var response = await server.Client.GetAsync("/v2/logging", Token);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(Defaults, await response.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task Post_ChangesWhatItNamesAndShowsTheResult()
    {
        await using var server = await KServeServer.StartAsync();
        var (status, body) = await PostAsync(server, """{"log_info":false,"log_error":false,"log_warning":false,"log_verbose_level":4294967295,"log_format":"ISO8601","log_file":null}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"log_file":"","log_info":false,"log_warning":false,"log_error":false,"log_verbose_level":4294967295,"log_format":"ISO8601"}""", body);
        Assert.Equal(new LogSettings(uint.MaxValue, false, false, false, LogFormat.Iso8601), server.Control.Log.Current);
        Assert.Contains("\"json\"", (await PostAsync(server, """{"log_format":"json"}""")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"log_info":null,"log_verbose_level":null,"log_format":null}""")]
    public async Task Post_OfNothing_ChangesNothing(string body)
    {
        await using var server = await KServeServer.StartAsync();
        Assert.Equal((HttpStatusCode.OK, Defaults), await PostAsync(server, body));
    }

    [Theory]
    [InlineData("""{"log_error":false,"log_file":"x.log"}""", HttpStatusCode.NotImplemented, "log_file")]
    [InlineData("""{"log_error":false,"log_format":"xml"}""", HttpStatusCode.BadRequest, "log_format", "'xml'", "ISO8601")]
    [InlineData("""{"log_error":false,"log_format":1}""", HttpStatusCode.BadRequest, "log_format", "a string", "a number")]
    [InlineData("""{"log_error":false,"log_info":"true"}""", HttpStatusCode.BadRequest, "log_info", "true or false", "a string")]
    [InlineData("""{"log_error":false,"log_verbose_level":-1}""", HttpStatusCode.BadRequest, "log_verbose_level", "'-1'")]
    [InlineData("""{"log_error":false,"log_verbose_level":4294967296}""", HttpStatusCode.BadRequest, "log_verbose_level", "32 bits")]
    [InlineData("""{"log_error":false,"log_verbose_level":"1"}""", HttpStatusCode.BadRequest, "log_verbose_level", "a string")]
    [InlineData("""{"log_error":false,"log_verbos_level":1}""", HttpStatusCode.BadRequest, "log_verbos_level", "log_verbose_level")]
    [InlineData("""{"log_error":false""", HttpStatusCode.BadRequest, "parse")]
    [InlineData("""{"log_error":false} x""", HttpStatusCode.BadRequest, "parse")]
    [InlineData("""{"log_error":false,"log_info":tru}""", HttpStatusCode.BadRequest, "parse")]
    [InlineData("""{"log_error":false,"log_verbose_level":-}""", HttpStatusCode.BadRequest, "parse")]
    [InlineData("""{"log_error":false,"log_format":"x}""", HttpStatusCode.BadRequest, "parse")]
    [InlineData("[]", HttpStatusCode.BadRequest, "object")]
    [InlineData("", HttpStatusCode.BadRequest, "empty")]
    public async Task Post_ThatIsWrong_ChangesNothingAndNamesTheSetting(string body, HttpStatusCode expected, params string[] words)
    {
        await using var server = await KServeServer.StartAsync();
        var (status, error) = await PostAsync(server, body);
        Assert.Equal(expected, status);
        Assert.All(words, word => Assert.Contains(word, error, StringComparison.Ordinal));
        Assert.Equal(0, server.Control.Logs.Changes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_LongerThanTheLimit_IsRefused(bool isChunked)
    {
        await using var server = await KServeServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/logging") { Content = new StringContent("{" + new string(' ', JsonBody.MaxSmallBytes) + "}") };
        request.Headers.TransferEncodingChunked = isChunked;
        using var response = await server.Client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("65536", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtherMethod_IsToldWhichAreAllowed()
    {
        await using var server = await KServeServer.StartAsync();
        using var response = await server.Client.PutAsync("/v2/logging", new StringContent("{}"), Token);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal(["GET", "POST"], response.Content.Headers.Allow);
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(KServeServer server, string body)
    {
        using var response = await server.Client.PostAsync("/v2/logging", new StringContent(body), Token);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Token));
    }
}

using System.Net;
using System.Text;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Http;
using InferenceServer.Testing.SharedMemory;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.SharedMemory;

public sealed class HttpRegionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Regions_AreRegisteredListedAndUnregistered()
    {
        await using var server = await KServeServer.StartAsync();
        using var file = new SharedMemoryFile(2 * Environment.SystemPageSize);
        Assert.Equal((HttpStatusCode.OK, "[]"), await AskAsync(server, "GET", "/v2/systemsharedmemory/status"));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server, "POST", "/v2/systemsharedmemory/region/b%20%22/register", $$"""{"key":"{{file.Key}}","byte_size":5,"offset":{{Environment.SystemPageSize}},"byte_size":6,"more":[{}]}"""));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server, "POST", "/v2/systemsharedmemory/region/a/register", $$"""{"byte_size":64,"key":"{{file.Key}}"}"""));
        var a = $$"""{"name":"a","key":"{{file.Key}}","offset":0,"byte_size":64}""";
        var b = $$"""{"name":"b \"","key":"{{file.Key}}","offset":{{Environment.SystemPageSize}},"byte_size":5}""";
        Assert.Equal((HttpStatusCode.OK, $"[{a},{b}]"), await AskAsync(server, "GET", "/v2/systemsharedmemory/status"));
        Assert.Equal((HttpStatusCode.OK, $"[{a}]"), await AskAsync(server, "GET", "/v2/systemsharedmemory/region/a/status"));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server, "POST", "/v2/systemsharedmemory/region/a/unregister"));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server, "POST", "/v2/systemsharedmemory/region/a/unregister", "not looked at"));
        Assert.Equal((HttpStatusCode.OK, $"[{b}]"), await AskAsync(server, "GET", "/v2/systemsharedmemory/status"));
        Assert.Equal((HttpStatusCode.NotFound, """{"error":"Unable to find system shared memory region: 'a'"}"""), await AskAsync(server, "GET", "/v2/systemsharedmemory/region/a/status"));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server, "POST", "/v2/systemsharedmemory/unregister"));
        Assert.Equal((HttpStatusCode.OK, "[]"), await AskAsync(server, "GET", "/v2/systemsharedmemory/status"));
    }

    [Theory]
    [InlineData("GET", "/v2/cudasharedmemory/status", 200, "[]")]
    [InlineData("GET", "/v2/cudasharedmemory/region/x/status", 404, "Unable to find cuda shared memory region: 'x'")]
    [InlineData("GET", "/v2/cudasharedmemory/region/sys/status", 404, "'sys' is registered as system shared memory, not CUDA shared memory")]
    [InlineData("POST", "/v2/cudasharedmemory/region/gpu/register", 400, "no 'raw_handle' field")]
    [InlineData("POST", "/v2/cudasharedmemory/register", 400, "no 'raw_handle' field")]
    [InlineData("POST", "/v2/cudasharedmemory/region/sys/unregister", 200, "")]
    [InlineData("POST", "/v2/cudasharedmemory/unregister", 200, "")]
    [InlineData("POST", "/v2/systemsharedmemory/register", 400, "region name")]
    [InlineData("GET", "/v2/systemsharedmemory/region/sys/register", 405, "Method Not Allowed")]
    [InlineData("POST", "/v2/systemsharedmemory/status", 405, "Method Not Allowed")]
    [InlineData("GET", "/v2/systemsharedmemory/region/sys", 404, "Not Found")]
    [InlineData("GET", "/v2/systemsharedmemory/region/sys/status/", 404, "Not Found")]
    [InlineData("GET", "/v2/SystemSharedMemory/status", 404, "Not Found")]
    public async Task Path_Is_AnsweredWith(string method, string path, int status, string text)
    {
        await using var server = await KServeServer.StartAsync();
        using var file = new SharedMemoryFile(8);
        Assert.Null(server.Regions.RegisterSystem("sys", file.Key, 0, 8));
        var (code, body) = await AskAsync(server, method, path, method == "POST" ? $$"""{"key":"{{file.Key}}","byte_size":8}""" : null);
        Assert.Equal(status, (int)code);
        Assert.Contains(text, body, StringComparison.Ordinal);
        Assert.True(server.Regions.TryList(SharedMemoryKind.System, "sys", out _, out _));
    }

    [Theory]
    [InlineData("", "offset 0")]
    [InlineData("null", "'key'|null")]
    [InlineData("[]", "'key'|an array")]
    [InlineData("{}", "no 'key' field")]
    [InlineData("""{"byte_size":64}""", "no 'key' field")]
    [InlineData("""{"key":"/k"}""", "no 'byte_size' field")]
    [InlineData("""{"key":5,"byte_size":64}""", "'key'|a string|a number")]
    [InlineData("""{"key":"/k","byte_size":-1}""", "'byte_size'|unsigned")]
    [InlineData("""{"key":"/k","byte_size":1.5}""", "'byte_size'|unsigned")]
    [InlineData("""{"key":"/k","byte_size":18446744073709551616}""", "'byte_size'|64 bits")]
    [InlineData("""{"key":"/k","byte_size":18446744073709551615,"offset":18446744073709551615}""", "beyond")]
    [InlineData("""{"key":"/k","byte_size":"64"}""", "'byte_size'|a string")]
    [InlineData("""{"key":"/k","byte_size":64,"offset":null}""", "'offset'|null")]
    [InlineData("""{"key":"/k","byte_size":64,"offset":-4096}""", "'offset'|unsigned")]
    [InlineData("""{"key":"/k","byte_size":64""", "offset 26")]
    [InlineData("""{"key":"/k","byte_size":64} {}""", "nothing after the document")]
    [InlineData("""{"key":"/no\nsuch\nobject","byte_size":64}""", "Unable to open shared memory region: '/no")]
    public async Task Register_WrongBody_IsRefusedInWords(string body, string words)
    {
        await using var server = await KServeServer.StartAsync();
        var (status, text) = await AskAsync(server, "POST", "/v2/systemsharedmemory/region/bad/register", body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.All(words.Split('|'), word => Assert.Contains(word, text, StringComparison.Ordinal));
        Assert.True(server.Regions.TryList(SharedMemoryKind.System, "", out var regions, out _));
        Assert.Empty(regions);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Register_BodyOverTheLimit_IsRefused(bool isChunked)
    {
        await using var server = await KServeServer.StartAsync();
        using var content = new StringContent("{\"key\":\"" + new string('k', JsonBody.MaxSmallBytes) + "\"}");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, "/v2/systemsharedmemory/region/bad/register")) { Content = content };
        request.Headers.TransferEncodingChunked = isChunked;
        using var response = await server.Client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("65536", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(KServeServer server, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(server.Address, path));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await server.Client.SendAsync(request, Cancellation);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }
}

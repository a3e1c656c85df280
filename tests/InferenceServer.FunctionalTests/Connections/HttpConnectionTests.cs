using System.Globalization;
using System.Text;
using System.Text.Json;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Host.Listeners;
using Xunit;

namespace InferenceServer.FunctionalTests.Connections;

/// <summary>What holds on a connection of HTTP/1.1 beside the single request.</summary>
public sealed class HttpConnectionTests
{
    private const string Infer = "POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: x\r\n";
    private const string Live = "GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n";

    [Theory]
    [InlineData(400, "Content-Length: 2000\r\n")]
    [InlineData(400, "Content-Length: 200000\r\nInference-Header-Content-Length: -1\r\n")]
    [InlineData(413, "Content-Length: 400000\r\n")]
    [InlineData(501, "Content-Length: 2000\r\nContent-Encoding: br\r\n")]
    [InlineData(501, "Content-Length: 200000\r\nContent-Encoding: br\r\n")]
    public async Task RefusedRequest_WhateverOfItWasRead_LeavesTheNextOneAlone(int status, string headers)
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--http-max-request-bytes=300000"]);
        using var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!);
        var length = int.Parse(headers.Split("Content-Length: ")[1].Split('\r')[0], CultureInfo.InvariantCulture);
        for (var i = 0; i < 2; i++)
        {
            await connection.WriteAsync(Infer + headers + "\r\n" + new string('x', length));
            Assert.Equal(status, (await connection.ReadAnswerAsync()).Status);
        }

        await connection.WriteAsync(Live);
        Assert.Equal(200, (await connection.ReadAnswerAsync()).Status);
    }

    [Fact]
    public async Task Upload_InChunks_IsReadWhole()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository);
        using var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!);
        var row = string.Join(',', Enumerable.Repeat("1", 16));
        var json = $$"""{"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,16],"data":[{{row}}]},{"name":"INPUT1","datatype":"FP32","shape":[1,16],"data":[{{row}}]}]}""";
        await connection.WriteAsync(Infer + "Transfer-Encoding: chunked\r\n\r\n" + string.Concat(json.Select(static letter => $"1\r\n{letter}\r\n")) + "0\r\n\r\n");
        Assert.Equal(200, (await connection.ReadAnswerAsync()).Status);
        await connection.WriteAsync(Live);
        Assert.Equal(200, (await connection.ReadAnswerAsync()).Status);
    }

    [Fact]
    public async Task Upload_WhoseChunksAreMostlyFrames_IsEnded()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--http-max-input-size=1000"]);
        using var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!);
        await connection.WriteAsync(Infer + "Transfer-Encoding: chunked\r\n\r\n");

        // The beginning of one byte of content, and of what the format allows beside it a little more than may be.
        await connection.WriteUnlessClosedAsync("1;" + new string('x', (4 << 20) + 1000));
        var (status, headers, body) = await connection.ReadAnswerAsync();
        Assert.Equal(413, status);
        Assert.Contains("Connection: close", headers, StringComparison.Ordinal);
        Assert.Contains("chunks", body, StringComparison.Ordinal);
        Assert.True(await connection.IsAtEndAsync());
    }

    /// <summary>The small bodies of the control plane are read by the same rules as the large ones of inference.</summary>
    [Theory]
    [InlineData("/v2/logging", "Transfer-Encoding: chunked\r\n\r\nno length\r\n", 400, "rules of HTTP")]
    [InlineData("/v2/trace/setting", "Transfer-Encoding: chunked\r\n\r\nno length\r\n", 400, "rules of HTTP")]
    [InlineData("/v2/repository/index", "Transfer-Encoding: chunked\r\n\r\nno length\r\n", 400, "rules of HTTP")]
    [InlineData("/v2/repository/models/x/load", "Transfer-Encoding: chunked\r\n\r\nno length\r\n", 400, "rules of HTTP")]
    [InlineData("/v2/systemsharedmemory/region/r/register", "Transfer-Encoding: chunked\r\n\r\nno length\r\n", 400, "rules of HTTP")]
    [InlineData("/v2/logging", "Content-Length: 70000\r\n\r\n", 413, "70000")]
    [InlineData("/v2/trace/setting", "Content-Length: 70000\r\n\r\n", 413, "70000")]
    [InlineData("/v2/systemsharedmemory/region/r/register", "Content-Length: 70000\r\n\r\n", 413, "70000")]
    [InlineData("/v2/logging", "Transfer-Encoding: chunked\r\n\r\n1;", 413, "chunks")]
    [InlineData("/v2/systemsharedmemory/region/r/register", "Transfer-Encoding: chunked\r\n\r\n1;", 413, "chunks")]
    [InlineData("/v2/repository/index", "Content-Length: 2\r\nContent-Encoding: gzip\r\n\r\n{}", 400, "content-encoding")]
    [InlineData("/v2/logging", "Content-Length: 2\r\nContent-Encoding: br\r\n\r\n{}", 400, "'br'")]
    public async Task ControlRequest_WhoseBodyCannotBeRead_IsToldWhy(string path, string rest, int expected, string word)
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--model-control-mode=explicit", "--allow-client-shm=true", "--allow-setting-changes=true"]);
        using var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!);
        await connection.WriteUnlessClosedAsync($"POST {path} HTTP/1.1\r\nHost: x\r\n{rest}" + (rest.EndsWith(';') ? new string('x', 5 << 20) : ""));
        var (status, _, body) = await connection.ReadAnswerAsync();
        Assert.Equal(expected, status);
        using var json = JsonDocument.Parse(body);
        Assert.Contains(word, json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("99999999999")]
    [InlineData("9223372036854775807")]
    public async Task ContentLength_OverTheLimit_IsToldBeforeTheBodyComes(string length)
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository);
        using var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!);
        await connection.WriteAsync(Infer + $"Content-Length: {length}\r\n\r\n");
        var (status, _, body) = await connection.ReadAnswerAsync();
        Assert.Equal(413, status);
        Assert.Contains(length, body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("99999999999999999999")]
    [InlineData("-1")]
    [InlineData("1e3")]
    public async Task ContentLength_ThatIsNone_EndsTheConnection(string length)
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository);
        using var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!);
        await connection.WriteAsync(Infer + $"Content-Length: {length}\r\n\r\n");
        Assert.Equal(400, (await connection.ReadAnswerAsync()).Status);
        Assert.True(await connection.IsAtEndAsync());
    }

    [Fact]
    public async Task Headers_OverTheLimits_AreRefused()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository);
        var many = string.Concat(Enumerable.Range(0, ListenerSetup.MaxHeaders).Select(static i => $"X-{i}: 1\r\n"));
        var few = string.Concat(Enumerable.Range(0, ListenerSetup.MaxHeaders - 2).Select(static i => $"X-{i}: 1\r\n"));
        foreach (var (request, status) in new[]
        {
            ($"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n{few}\r\n", 200),
            ($"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n{many}\r\n", 431),
            ($"GET /v2/health/live HTTP/1.1\r\nHost: x\r\nX: {new string('x', ListenerSetup.MaxHeaderBytes)}\r\n\r\n", 431),
            ($"GET /v2/health/live?{new string('x', ListenerSetup.MaxRequestLineBytes)} HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        })
        {
            using var connection = await RawConnection.OpenAsync(server.Http.BaseAddress!);
            await connection.WriteAsync(Encoding.ASCII.GetBytes(request));
            Assert.Equal(status, (await connection.ReadAnswerAsync()).Status);
        }
    }
}

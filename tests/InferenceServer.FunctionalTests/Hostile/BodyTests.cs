using System.Net;
using System.Net.Http.Headers;
using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.FunctionalTests.Connections;
using InferenceServer.Protocols.KServe.OpenApi;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Bodies that are meant to exhaust: made of tiny chunks, deep, endless, or too large by their sum.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed class BodyTests(BesiegedServer server)
{
    private const string Infer = "/v2/models/add_sub/infer";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Every route that takes a body.</summary>
    private static IEnumerable<string> Posts => RouteTable.All.Where(static route => route.Method == "POST").Select(static route => Fill(route.Pattern)).Distinct();

    [Fact]
    public async Task TinyChunks_OnEveryRoute_AreReadOrRefused()
    {
        var chunks = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("1\r\nx\r\n", 500_000)));
        Assert.True(Posts.Count() > 20);
        foreach (var path in Posts)
        {
            await FloodAsync(path, chunks, times: 1);
        }

        // Fifty megabytes where there is most to be had.
        await FloodAsync(Infer, chunks, times: 17);
        await server.StandsWithItsMemoryAsync();
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{\"a\":")]
    [InlineData("{\"parameters\":")]
    [InlineData("{\"inputs\":[{\"data\":[")]
    [InlineData("{\"inputs\":[{\"parameters\":")]
    [InlineData("{\"unknown\":[")]
    public async Task DeepJson_OnEveryRoute_IsRefused(string opening)
    {
        foreach (var depth in new[] { 65, 1_000, 50_000, 250_000 })
        {
            foreach (var path in depth == 50_000 ? Posts : [Infer, "/v2/models/add_sub/generate", "/v2/repository/models/add_sub/load", "/v2/logging"])
            {
                var (status, body) = await server.PostAsync(path, string.Concat(Enumerable.Repeat(opening, depth)));

                // Some take a body along that says nothing to them.
                Assert.True(status is >= 400 and < 500 or 501 || path.EndsWith("/unregister", StringComparison.Ordinal), $"{path}, depth {depth}: {status} {body}");
            }
        }

        await server.StandsWithItsMemoryAsync();
    }

    [Fact]
    public async Task Body_WithoutAnEnd_IsCutOff()
    {
        using var connection = await RawConnection.OpenAsync(server.HttpAddress);
        await connection.WriteAsync($"POST {Infer} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        var chunk = Encoding.ASCII.GetBytes("100000\r\n" + new string(' ', 1 << 20) + "\r\n");
        for (var sent = 0; sent <= 2 * BesiegedServer.MaxRequestBytes; sent += 1 << 20)
        {
            try
            {
                await connection.WriteAsync(chunk);
            }
            catch (IOException)
            {
                break;
            }
        }

        Assert.True(await StatusOrCutAsync(connection) is null or 400 or 413);
        await server.StandsWithItsMemoryAsync();
    }

    [Theory]
    [InlineData("Content-Length: 1099511627776")]
    [InlineData("Content-Length: 9223372036854775807")]
    [InlineData("Content-Length: 1099511627776\r\nInference-Header-Content-Length: 1099511627775")]
    public async Task Claim_OfATerabyte_TakesNone(string headers)
    {
        var connections = new List<RawConnection>();
        try
        {
            for (var i = 0; i < 50; i++)
            {
                connections.Add(await RawConnection.OpenAsync(server.HttpAddress));
                await connections[^1].WriteAsync($"POST {Infer} HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n{{");
            }

            foreach (var connection in connections)
            {
                var (status, _, body) = await connection.ReadAnswerAsync();
                server.TellsNothing(body);
                Assert.Equal(413, status);
            }
        }
        finally
        {
            connections.ForEach(static connection => connection.Dispose());
        }

        await server.StandsWithItsMemoryAsync();
    }

    /// <summary>Each tensor is small enough, but not all of them together.</summary>
    [Fact]
    public async Task Inputs_TooLargeByTheirSum_AreRefused()
    {
        const int Each = 3 << 20;
        var inputs = string.Join(',', Enumerable.Range(0, 5).Select(static i => $$$"""{"name":"I{{{i}}}","datatype":"UINT8","shape":[{{{Each}}}],"parameters":{"binary_data_size":{{{Each}}}}}"""));
        var header = Encoding.UTF8.GetBytes($$"""{"inputs":[{{inputs}}]}""");
        using var content = new ByteArrayContent([.. header, .. new byte[5 * Each]]);
        content.Headers.Add("Inference-Header-Content-Length", $"{header.Length}");
        Assert.Equal(413, (await server.SendAsync(HttpMethod.Post, Infer, content)).Status);
        using var chunked = new StreamContent(new MemoryStream([.. header, .. new byte[5 * Each]])) { Headers = { { "Inference-Header-Content-Length", $"{header.Length}" } } };
        using var request = new HttpRequestMessage(HttpMethod.Post, Infer) { Content = chunked, Headers = { TransferEncodingChunked = true } };
        using var response = await server.Http.SendAsync(request, Token);
        Assert.True(response.StatusCode is HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.BadRequest, $"{response.StatusCode}");
        await server.StandsWithItsMemoryAsync();
    }

    [Theory]
    [InlineData("application/vnd.bentoml+pickle")]
    [InlineData("application/x-python-pickle")]
    [InlineData("application/octet-stream")]
    public async Task Pickle_ByAnyName_IsNothingButWrongJson(string type)
    {
        // cos\nsystem\n(S'id'\ntR. : what runs a command where it is loaded.
        using var content = new ByteArrayContent("cos\nsystem\n(S'id'\ntR."u8.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        var (status, body) = await server.SendAsync(HttpMethod.Post, Infer, content);
        Assert.True(status is 400 or 415, body);
        await server.StandsWithItsMemoryAsync();
    }

    /// <summary>An array of Python's objects is a pickle inside a npy file.</summary>
    [Theory]
    [InlineData("'|O'")]
    [InlineData("'O'")]
    [InlineData("[('a', '|O')]")]
    public async Task Npy_OfObjects_IsRefused(string descriptor)
    {
        var header = $"{{'descr': {descriptor}, 'fortran_order': False, 'shape': (1,), }}".PadRight(117) + "\n";
        byte[] file = [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.Latin1.GetBytes(header), .. "cos\nsystem\n(S'id'\ntR."u8];
        using var content = new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-npy") } };
        var (status, body) = await server.SendAsync(HttpMethod.Post, $"/v2/models/{BesiegedServer.Echo(TensorDataType.UInt8)}/infer", content);
        Assert.True(status is 400 or 415, body);
        await server.StandsWithItsMemoryAsync();
    }

    /// <summary>Names that are there to make tables slow: as many as a body may hold.</summary>
    [Theory]
    [InlineData("{\"parameters\":{", "}}")]
    [InlineData("{", "}")]
    [InlineData("{\"inputs\":[{\"name\":\"INPUT0\",\"parameters\":{", "}}]}")]
    public async Task HundredThousandNames_AreReadOrRefused(string before, string after)
    {
        var names = string.Join(',', Enumerable.Range(0, 100_000).Select(static i => $"\"name{i}\":{i}"));
        var (status, body) = await server.PostAsync(Infer, before + names + after);
        Assert.True(status == 400, body);
        Assert.True(body.Length < 4096, $"{body.Length} bytes of answer");
        await server.StandsWithItsMemoryAsync();
    }

    private static string Fill(string path) => path.Replace("{version}", "1", StringComparison.Ordinal).Replace("{model}", "add_sub", StringComparison.Ordinal).Replace("{name}", "x", StringComparison.Ordinal).Replace("{repository}", "x", StringComparison.Ordinal).Replace("{alias}", "x", StringComparison.Ordinal);

    private async Task FloodAsync(string path, byte[] chunks, int times)
    {
        using var connection = await RawConnection.OpenAsync(server.HttpAddress);
        await connection.WriteAsync($"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        try
        {
            for (var i = 0; i < times; i++)
            {
                await connection.WriteAsync(chunks);
            }

            await connection.WriteAsync("0\r\n\r\n");
        }
        catch (IOException)
        {
            // It has been refused before it was sent whole.
        }

        var status = await StatusOrCutAsync(connection);
        Assert.True(status is null or (>= 400 and < 500) or 501 or 200, $"{path}: {status}");
    }

    /// <summary>The status of an answer; null when the connection was cut while the client still wrote.</summary>
    private async Task<int?> StatusOrCutAsync(RawConnection connection)
    {
        try
        {
            var (status, _, body) = await connection.ReadAnswerAsync().WaitAsync(TestTimeouts.Phase, Token);
            server.TellsNothing(body);
            return status;
        }
        catch (IOException)
        {
            return null;
        }
    }
}

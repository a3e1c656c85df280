using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Compression;

public sealed class HttpCompressionTests
{
    private const int Limit = 100_000;
    private const string One = """{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[4]}]}""";
    private const string Answer = """{"model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"INT32","shape":[1],"data":[4]}]}""";

    [Theory]
    [InlineData("gzip", "Gzip")]
    [InlineData("deflate", "Deflate")]
    [InlineData("deflate", "Gzip")]
    [InlineData("gzip", "Deflate")]
    public async Task Infer_CompressedJson_IsReadWhicheverWrapperItHas(string name, string wrapper)
    {
        await using var server = await StartAsync();
        foreach (var isChunked in new[] { false, true })
        {
            var (status, body, _) = await PostAsync(server, Pack(wrapper, Encoding.UTF8.GetBytes(One)), name, isChunked: isChunked);
            Assert.Equal((HttpStatusCode.OK, Answer), (status, Encoding.UTF8.GetString(body)));
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Infer_BinaryBothWays_KeepsTheLayoutOfTheContent(string name)
    {
        await using var server = await StartAsync();
        var tail = new byte[80_000];
        new Random(1).NextBytes(tail);
        var header = $$$"""{"inputs":[{"name":"IN","datatype":"INT32","shape":[20000],"parameters":{"binary_data_size":80000}}],"parameters":{"binary_data_output":true}}""";
        var (status, body, response) = await PostAsync(server, Pack(name, [.. Encoding.UTF8.GetBytes(header), .. tail]), name, header.Length, name);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal([name], response.Content.Headers.ContentEncoding);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.ToString());
        var content = Unpack(name, body);
        Assert.Equal(tail, content[int.Parse(response.Headers.GetValues("Inference-Header-Content-Length").Single(), System.Globalization.CultureInfo.InvariantCulture)..]);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_LargeJsonOut_ComesBackWhole()
    {
        await using var server = await StartAsync();
        var data = string.Join(",", Enumerable.Range(0, 20_000).Select(static i => i % 10));
        var (_, body, _) = await PostAsync(server, Encoding.UTF8.GetBytes($$"""{"inputs":[{"name":"IN","datatype":"INT32","shape":[20000],"data":[{{data}}]}]}"""), accept: "gzip");
        Assert.Contains($"[{data}]", Encoding.UTF8.GetString(Unpack("gzip", body)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_Refusal_IsNotCompressed()
    {
        await using var server = await StartAsync();
        var (status, body, response) = await PostAsync(server, "{}"u8.ToArray(), accept: "gzip");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.StartsWith("{\"error\":", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_DeflateWithADictionary_IsRefused()
    {
        await using var server = await StartAsync();
        var (status, body, _) = await PostAsync(server, [0x78, 0x20, 1, 2, 3, 4, 5, 6], "deflate");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith("{\"error\":", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_LongCoding_IsNotRepeatedWhole()
    {
        await using var server = await StartAsync();
        var (status, body, _) = await PostAsync(server, Encoding.UTF8.GetBytes(One), new string('x', 5000));
        Assert.Equal(HttpStatusCode.NotImplemented, status);
        Assert.InRange(body.Length, 100, 300);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip, gzip")]
    public async Task Infer_UnknownCoding_IsToldTheKnownOnes(string name)
    {
        await using var server = await StartAsync();
        var (status, body, response) = await PostAsync(server, Encoding.UTF8.GetBytes(One), name);
        Assert.Equal(HttpStatusCode.NotImplemented, status);
        Assert.Equal("gzip, deflate", string.Join(", ", response.Headers.GetValues("Accept-Encoding")));
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.ToString());
        Assert.Contains($"'{name}'", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_NothingOrPlainText_IsNamed()
    {
        await using var server = await StartAsync();
        Assert.Equal("text/plain", await AssertRefusedAsync(server, [], "nothing to be decompressed"));
        Assert.Equal("application/json", await AssertRefusedAsync(server, Encoding.UTF8.GetBytes(One), "begins neither as gzip nor as zlib"));
        await AssertRefusedAsync(server, [0x1F], "begins neither as gzip nor as zlib");
    }

    [Theory]
    [InlineData("gzip", 1)]
    [InlineData("gzip", 8)]
    [InlineData("gzip", 30)]
    [InlineData("deflate", 1)]
    [InlineData("deflate", 30)]
    public async Task Infer_CutShort_IsNotReadAsIfItWereWhole(string name, int cut)
    {
        await using var server = await StartAsync();
        await AssertRefusedAsync(server, Pack(name, Encoding.UTF8.GetBytes(One + new string(' ', 500)))[..^cut], "corrupt or ends too early", name);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Infer_FlippedBit_IsNoticed(string name)
    {
        await using var server = await StartAsync();
        var noise = new byte[2000];
        new Random(3).NextBytes(noise);
        var packed = Pack(name, [.. Encoding.UTF8.GetBytes(One), .. Encoding.ASCII.GetBytes(Convert.ToBase64String(noise))]);
        packed[packed.Length / 2] ^= 0x10;
        var (status, _, _) = await PostAsync(server, packed, name);
        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(74)]
    public async Task Infer_ContentOverTheLimit_IsRefusedAfterTheLimit(int? headerLength)
    {
        // A thousandfold: 100 MB of content in 100 KB.
        await using var server = await StartAsync();
        var bomb = Pack("gzip", [.. Encoding.UTF8.GetBytes(One), .. Enumerable.Repeat((byte)' ', 100_000_000)]);
        Assert.True(bomb.Length < 120_000);
        var (status, body, _) = await PostAsync(server, bomb, "gzip", headerLength);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        var text = Encoding.UTF8.GetString(body);
        Assert.True(text.Contains("Use --http-max-input-size to increase the limit", StringComparison.Ordinal) || text.Contains("unexpected additional input data", StringComparison.Ordinal), text);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_TensorsOverTheLimit_AreRefusedBeforeTheirMemoryIsRented()
    {
        await using var server = await StartAsync();
        var header = """{"inputs":[{"name":"IN","datatype":"INT32","shape":[250000000],"parameters":{"binary_data_size":1000000000}}]}""";
        var (status, body, _) = await PostAsync(server, Pack("gzip", Encoding.UTF8.GetBytes(header)), "gzip", header.Length);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains($"maximum allowed value of {Limit} bytes", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_CompressedBodyWithoutContent_IsReadNoFurtherThanTheLimit()
    {
        // Empty members of gzip, one after the other: nothing comes out of them however many there are.
        await using var server = await StartAsync();
        var empty = Pack("gzip", []);
        var (status, _, _) = await PostAsync(server, [.. Enumerable.Repeat(empty, 20_000).SelectMany(static member => member)], "gzip", isChunked: true);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
    }

    private static Task<KServeServer> StartAsync() => KServeServer.StartAsync(new KServeHttpOptions { MaxInputSize = Limit }, EchoModel.Of("echo", TensorDataType.Int32, -1));

    [Fact]
    public async Task Infer_UnknownCodingAndDetailsWanted_HasTheTypeOfTheDetails()
    {
        await using var server = await StartAsync();
        server.Client.DefaultRequestHeaders.Accept.ParseAdd("application/problem+json");
        var (_, _, response) = await PostAsync(server, Encoding.UTF8.GetBytes(One), "br");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
    }

    private static async Task<string?> AssertRefusedAsync(KServeServer server, byte[] body, string words, string coding = "gzip")
    {
        var (status, answer, response) = await PostAsync(server, body, coding);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(words, Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
        return response.Content.Headers.ContentType?.ToString();
    }

    private static async Task<(HttpStatusCode Status, byte[] Body, HttpResponseMessage Response)> PostAsync(KServeServer server, byte[] body, string? coding = null, int? headerLength = null, string? accept = null, bool isChunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/models/echo/infer") { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = isChunked;
        if (coding is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        }

        if (headerLength is not null)
        {
            request.Headers.Add("Inference-Header-Content-Length", $"{headerLength}");
        }

        if (accept is not null)
        {
            request.Headers.AcceptEncoding.Add(StringWithQualityHeaderValue.Parse(accept));
        }

        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), response);
    }

    private static byte[] Pack(string coding, byte[] content)
    {
        using var packed = new MemoryStream();
        using (var stream = ContentCodings.Compress(coding.Equals("gzip", StringComparison.OrdinalIgnoreCase) ? ContentCoding.Gzip : ContentCoding.Deflate, packed, CompressionLevel.Optimal))
        {
            stream.Write(content);
        }

        // An empty stream writes nothing at all; an empty member is a header, an empty block and a trailer.
        return packed.Length > 0 ? packed.ToArray() : [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    }

    private static byte[] Unpack(string coding, byte[] packed)
    {
        using Stream stream = coding == "gzip" ? new GZipStream(new MemoryStream(packed), CompressionMode.Decompress) : new ZLibStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}

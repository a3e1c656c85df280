using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Compression;

public sealed class RpcCompressionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task ModelInfer_CompressedRequest_IsRead(string coding)
    {
        await using var server = await RpcServer.StartAsync();
        var (status, _) = await SendAsync(server, coding, Pack(coding, Messages.Raw("UINT8", [3], [1, 2, 3]).ToByteArray()));
        Assert.Equal("0", status);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task ModelInfer_ContentOverTheLimit_IsRefused(string coding)
    {
        await using var server = await RpcServer.StartAsync(new KServeRpcOptions { MaxReceiveMessageBytes = 10_000 });
        var bomb = Pack(coding, Messages.Raw("UINT8", [5_000_000], new byte[5_000_000]).ToByteArray());
        Assert.True(bomb.Length < 10_000);
        var (status, message) = await SendAsync(server, coding, bomb);
        Assert.Equal(((int)StatusCode.ResourceExhausted).ToString(System.Globalization.CultureInfo.InvariantCulture), status);
        Assert.Contains("10000 bytes after decompression", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_OverTheLimitOfInflation_IsRefusedByEveryRpcAlthoughMessagesMayBeLonger()
    {
        await using var server = await RpcServer.StartAsync(new KServeRpcOptions { MaxInflatedBytes = 10_000 });
        var (status, message) = await SendAsync(server, "gzip", Pack("gzip", new byte[50_000]), "ServerLive");
        Assert.Equal(((int)StatusCode.ResourceExhausted).ToString(System.Globalization.CultureInfo.InvariantCulture), status);
        Assert.Contains("--grpc-max-inflated-bytes", message, StringComparison.Ordinal);
        await server.Client.ModelInferAsync(Messages.Raw("UINT8", [50_000], new byte[50_000]), cancellationToken: Cancellation);
    }

    [Theory]
    [InlineData("ServerLive")]
    [InlineData("ModelInfer")]
    [InlineData("ModelStreamInfer")]
    public async Task Message_ThatIsNone_IsTheClientsFault(string rpc)
    {
        await using var server = await RpcServer.StartAsync();
        var (status, message) = await SendAsync(server, "identity", [0xFF, 0xFF, 0xFF], rpc, isCompressed: false);
        Assert.Equal(((int)StatusCode.InvalidArgument).ToString(System.Globalization.CultureInfo.InvariantCulture), status);
        Assert.Contains($"the request of {rpc} is no message of its type", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelInfer_CutShort_IsRefused()
    {
        await using var server = await RpcServer.StartAsync();
        var packed = Pack("gzip", Messages.Raw("UINT8", [300], new byte[300]).ToByteArray());
        var (status, message) = await SendAsync(server, "gzip", packed[..^9]);
        Assert.Equal(((int)StatusCode.InvalidArgument).ToString(System.Globalization.CultureInfo.InvariantCulture), status);
        Assert.Contains("cannot be decompressed", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelInfer_DeflateWithADictionary_IsRefused()
    {
        await using var server = await RpcServer.StartAsync();
        var (status, message) = await SendAsync(server, "deflate", [0x78, 0x20, 1, 2, 3, 4, 5, 6]);
        Assert.Equal(((int)StatusCode.InvalidArgument).ToString(System.Globalization.CultureInfo.InvariantCulture), status);
        Assert.Contains("cannot be decompressed", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(CompressionLevel.Fastest, true)]
    [InlineData(CompressionLevel.SmallestSize, true)]
    public async Task Answers_OfInference_AreCompressedAsTheOptionSays(CompressionLevel? level, bool isCompressed)
    {
        await using var server = await RpcServer.StartAsync(new KServeRpcOptions { InferResponseCompression = level });
        var bytes = Messages.Raw("UINT8", [5000], new byte[5000]).ToByteArray();
        Assert.Equal(isCompressed, await IsAnswerCompressedAsync(server, "ModelInfer", bytes));
        Assert.False(await IsAnswerCompressedAsync(server, "ServerMetadata", []));
    }

    private static async Task<bool> IsAnswerCompressedAsync(RpcServer server, string rpc, byte[] message)
    {
        using var request = Request(server, rpc, message, isCompressed: false);
        request.Headers.Add("grpc-accept-encoding", "gzip");
        using var client = new HttpClient();
        using var response = await client.SendAsync(request, Cancellation);
        return (await response.Content.ReadAsByteArrayAsync(Cancellation))[0] == 1;
    }

    private static async Task<(string Status, string Message)> SendAsync(RpcServer server, string coding, byte[] message, string rpc = "ModelInfer", bool isCompressed = true)
    {
        using var request = Request(server, rpc, message, isCompressed);
        request.Headers.Add("grpc-encoding", coding);
        using var client = new HttpClient();
        using var response = await client.SendAsync(request, Cancellation);
        await response.Content.ReadAsByteArrayAsync(Cancellation);
        var trailers = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : (System.Net.Http.Headers.HttpHeaders)response.Headers;
        return (trailers.GetValues("grpc-status").Single(), trailers.TryGetValues("grpc-message", out var text) ? Uri.UnescapeDataString(text.Single()) : "");
    }

    private static HttpRequestMessage Request(RpcServer server, string rpc, byte[] message, bool isCompressed)
    {
        var length = BitConverter.GetBytes(message.Length);
        Array.Reverse(length);
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{server.Channel.Target}/{GRPCInferenceService.Descriptor.FullName}/{rpc}"))
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([(byte)(isCompressed ? 1 : 0), .. length, .. message]),
        };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.TE.Add(new("trailers"));
        return request;
    }

    private static byte[] Pack(string coding, byte[] content)
    {
        using var packed = new MemoryStream();
        using (Stream stream = coding == "gzip" ? new GZipStream(packed, CompressionLevel.Optimal, true) : new ZLibStream(packed, CompressionLevel.Optimal, true))
        {
            stream.Write(content);
        }

        return packed.ToArray();
    }
}

using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Compressed bodies that become a thousand times as large as they come.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed class CompressedBodyTests(BesiegedServer server)
{
    private const string Infer = "/v2/models/add_sub/infer";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gzip", 100L << 20)]
    [InlineData("deflate", 100L << 20)]
    [InlineData("gzip", 10L << 30)]
    public async Task Bomb_IsRefusedAtTheLimit(string coding, long bytes)
    {
        var bomb = Bomb(coding, bytes);
        Assert.True(bomb.Length < BesiegedServer.MaxRequestBytes, $"{bomb.Length}");
        var (status, body) = await PostAsync(bomb, coding);
        Assert.True(status is 400 or 413, body);
        Assert.Contains($"{BesiegedServer.MaxInputBytes}", body, StringComparison.Ordinal);
        await server.StandsAsync();
    }

    [Fact]
    public async Task HundredBombs_AtOnce_AreRefused()
    {
        var bomb = Bomb("gzip", 100L << 20);
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ => await PostAsync(bomb, "gzip")));
        Assert.All(answers, static answer => Assert.True(answer.Status is 400 or 413 or 429 or 503, answer.Body));
        await server.StandsAsync();
    }

    /// <summary>A bomb in a bomb, and codings that are not taken.</summary>
    [Theory]
    [InlineData("gzip, gzip")]
    [InlineData("gzip,deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("gzip;q=1")]
    [InlineData("GZIP\t,")]
    public async Task Codings_OtherThanOne_AreRefused(string codings)
    {
        var (status, body) = await PostAsync(Bomb("gzip", 100L << 20), codings);
        Assert.True(status is >= 400 and < 500 or 501, $"{status} {body}");
        await server.StandsAsync();
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Message_ThatIsABomb_IsRefusedAtTheLimit(string coding)
    {
        var bomb = Bomb(coding, 100L << 20);
        var calls = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => await CallAsync(bomb, coding)));
        Assert.All(calls, static status => Assert.Equal(StatusCode.ResourceExhausted, status));
        Assert.Equal(StatusCode.Unimplemented, await CallAsync(bomb, "br"));
        await server.StandsAsync();
    }

    /// <summary>Zeros, compressed as hard as the format can: the same thousand bytes over and over, each of which stands for a megabyte.</summary>
    private static byte[] Bomb(string coding, long bytes)
    {
        const int Piece = 1 << 20;
        var zeros = new byte[Piece];
        using var deflated = new MemoryStream();
        var ends = new List<long>();
        using (var deflate = new DeflateStream(deflated, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            for (var i = 0; i < 3; i++)
            {
                deflate.Write(zeros);
                deflate.Flush();
                ends.Add(deflated.Length);
            }
        }

        // What was written after the first flush refers to zeros only, and may be repeated.
        var whole = deflated.ToArray();
        var first = whole.AsSpan(0, (int)ends[0]);
        var repeated = whole.AsSpan((int)ends[0], (int)(ends[1] - ends[0]));
        using var bomb = new MemoryStream();
        bomb.Write(coding == "gzip" ? [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] : (ReadOnlySpan<byte>)[0x78, 0x9C]);
        bomb.Write(first);
        for (var written = (long)Piece; written < bytes; written += Piece)
        {
            bomb.Write(repeated);
        }

        return bomb.ToArray();
    }

    private async Task<(int Status, string Body)> PostAsync(byte[] body, string codings)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Encoding", codings);
        return await server.SendAsync(HttpMethod.Post, Infer, content);
    }

    private async Task<StatusCode> CallAsync(byte[] message, string coding)
    {
        var frame = new byte[message.Length + 5];
        frame[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        using var client = new HttpClient { Timeout = TestTimeouts.Phase };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.RpcAddress, "/inference.GRPCInferenceService/ModelInfer")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(frame) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.Add("grpc-encoding", coding);
        using var response = await client.SendAsync(request, Token);
        await response.Content.ReadAsByteArrayAsync(Token);
        server.TellsNothing(response.TrailingHeaders.ToString() + response.Headers);
        var status = response.Headers.TryGetValues("grpc-status", out var values) || response.TrailingHeaders.TryGetValues("grpc-status", out values) ? values.Single() : throw new InvalidOperationException("no status");
        return (StatusCode)int.Parse(status, System.Globalization.CultureInfo.InvariantCulture);
    }
}

using System.Text;
using CsCheck;
using InferenceServer.Bench.Http;
using Xunit;

namespace InferenceServer.Bench.Tests.Http;

public sealed class HttpResponseParserTests
{
    private const string Plain = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello";
    private const string Chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n \r\nA\r\nworld12345\r\n0\r\nTrailer: 1\r\n\r\n";

    [Fact]
    public void Advance_WholeResponse_GivesStatusAndBody()
    {
        var parser = new HttpResponseParser();

        Assert.True(Feed(parser, Plain));

        Assert.Equal(200, parser.StatusCode);
        Assert.True(parser.KeepAlive);
        Assert.Equal("hello", Encoding.ASCII.GetString(parser.Body));
        Assert.Equal(["Content-Type", "Content-Length"], parser.Headers().Select(h => h.Key));
    }

    [Fact]
    public void Advance_OneByteAtATime_CompletesOnTheLastByteOnly()
    {
        foreach (var text in (string[])[Plain, Chunked])
        {
            var parser = new HttpResponseParser();
            for (var i = 0; i < text.Length; i++)
            {
                Assert.Equal(i == text.Length - 1, Feed(parser, text[i].ToString()));
            }
        }
    }

    [Fact]
    public void Advance_ChunkedInAnyPieces_GivesTheJoinedBody()
    {
        Gen.Int[1, 40].Array[1, 60].Sample(pieces =>
        {
            var parser = new HttpResponseParser();
            var position = 0;
            var complete = false;
            for (var i = 0; position < Chunked.Length; i++)
            {
                var length = Math.Min(pieces[i % pieces.Length], Chunked.Length - position);
                complete = Feed(parser, Chunked.Substring(position, length));
                position += length;
            }

            return complete && Encoding.ASCII.GetString(parser.Body) == "hello world12345";
        });
    }

    [Fact]
    public void Advance_BodyLargerThanTheBuffer_Grows()
    {
        var parser = new HttpResponseParser();
        var body = new string('x', 300_000);

        Assert.True(Feed(parser, $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"));

        Assert.Equal(body.Length, parser.Body.Length);
    }

    [Fact]
    public void Reset_AfterAChunkedResponse_ReadsTheNextOne()
    {
        var parser = new HttpResponseParser();
        Feed(parser, Chunked);
        parser.Reset();
        Assert.True(Feed(parser, Plain));
        parser.Reset();
        Assert.True(Feed(parser, Chunked));
        Assert.Equal("hello world12345", Encoding.ASCII.GetString(parser.Body));
    }

    [Fact]
    public void Advance_NoLength_SaysThatTheEndCannotBeKnown()
    {
        var error = Assert.Throws<BadResponseException>(() => Feed(new HttpResponseParser(), "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\nhello"));

        Assert.Contains("neither Content-Length nor Transfer-Encoding", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SSH-2.0-x\r\n\r\n", "status line")]
    [InlineData("HTTP/1.1 abc No\r\n\r\n", "status line")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length '-1'")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n", "Content-Length '5x'")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "only chunked")]
    [InlineData("HTTP/1.1 200 OK\r\nNo colon\r\n\r\n", "without a name")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", "1 bytes more")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no valid size")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n", "no valid size")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "longer than its stated size")]
    public void Advance_BadResponse_SaysWhatIsBad(string response, string message)
    {
        var error = Assert.Throws<BadResponseException>(() => Feed(new HttpResponseParser(), response));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Advance_EndlessHead_IsRefused()
    {
        var parser = new HttpResponseParser();

        Assert.Throws<BadResponseException>(() => Feed(parser, "HTTP/1.1 200 OK\r\n" + new string('a', 100_000)));
    }

    [Theory]
    [InlineData("", "without an answer")]
    [InlineData("HTTP/1.1 2", "within the response head")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "3 bytes after its head")]
    public void Truncated_ConnectionEnds_SaysWhere(string received, string message)
    {
        var parser = new HttpResponseParser();
        Feed(parser, received);

        Assert.Contains(message, parser.Truncated().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KeepAlive_ServerCloses_IsFalse()
    {
        var parser = new HttpResponseParser();

        Assert.True(Feed(parser, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));

        Assert.False(parser.KeepAlive);
    }

    /// <summary>Feeds as a socket would: as much as fits, again and again.</summary>
    private static bool Feed(HttpResponseParser parser, string text)
    {
        var complete = false;
        for (var bytes = Encoding.ASCII.GetBytes(text).AsSpan(); !bytes.IsEmpty;)
        {
            var writable = parser.Writable;
            var length = Math.Min(writable.Length, bytes.Length);
            bytes[..length].CopyTo(writable);
            complete = parser.Advance(length);
            bytes = bytes[length..];
        }

        return complete;
    }
}

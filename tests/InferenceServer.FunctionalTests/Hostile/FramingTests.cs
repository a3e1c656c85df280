using System.Text;
using System.Text.RegularExpressions;
using InferenceServer.FunctionalTests.Connections;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Requests of HTTP/1.1 that two readers may take for different ones: none is taken, and nothing that is hidden in one is ever read as the next.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed partial class FramingTests(BesiegedServer server)
{
    /// <summary>What an attacker wants to be read as a request of its own.</summary>
    private const string Hidden = "POST /v2/repository/models/add_sub/unload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";

    private const string Post = "POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: x\r\n";

    [Theory]
    [InlineData("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 6\r\nContent-Length: 100\r\n\r\n")]
    [InlineData("Content-Length: 6, 6\r\n\r\n")]
    [InlineData("Content-Length: 0x6\r\n\r\n")]
    [InlineData("Content-Length : 6\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n")]
    [InlineData(" Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("X: y\r\n folded: chunked\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("X\0: y\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("X: a\rb\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("X: a\0b\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("Host: y\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5;a\nbcdef\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5;\n\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2;\rxx\r\nhe\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n")]
    public async Task AmbiguousRequest_IsRefusedOnceAndTheConnectionEnds(string rest)
    {
        var answers = await AskRawAsync(Post + rest + Hidden);

        // The request itself is refused, or its connection is cut under the client's hands; what came behind it is not answered.
        Assert.Matches("^(HTTP/1.1 (400|501|411|413)|$)", answers);
        Assert.InRange(StatusLine().Count(answers), 0, 1);
        await server.StandsAsync();
    }

    [Theory]
    [InlineData("GET /v2/health/live\r\n\r\n")]
    [InlineData("GET  /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /v2/health/live HTTP/9.9\r\nHost: x\r\n\r\n")]
    [InlineData("GET /v2/health/live HTTP/1.1\r\n\r\n")]
    [InlineData("GET /v2/health/\0live HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /v2/health/%00live HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("G\0T /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\0\0\0\0\0\0\0\0\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003\r\n\r\n")]
    public async Task FirstLine_ThatIsNone_IsRefused(string request)
    {
        var answers = await AskRawAsync(request);
        Assert.DoesNotContain("HTTP/1.1 200", answers, StringComparison.Ordinal);
        await server.StandsAsync();
    }

    /// <summary>The runtime that was built against and runs has the correction of how chunk extensions are read.</summary>
    [Fact]
    public void Runtime_IsNotOlderThanTheCorrectionOfChunkExtensions()
    {
        Assert.True(Environment.Version >= new Version(10, 0, 0), $"{Environment.Version}");
        Assert.Contains("\"version\": \"10.0.1", File.ReadAllText(Path.Combine(RepositoryRoot.Path, "global.json")), StringComparison.Ordinal);
    }

    private async Task<string> AskRawAsync(string request)
    {
        using var connection = await RawConnection.OpenAsync(server.HttpAddress);
        await connection.WriteAsync(request);
        var answers = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await connection.Stream.ReadAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(Testing.TestTimeouts.Phase, TestContext.Current.CancellationToken)) > 0)
            {
                answers.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // Cut instead of closed.
        }

        server.TellsNothing(answers.ToString());
        return answers.ToString();
    }

    [GeneratedRegex("HTTP/1.1 [0-9]{3}")]
    private static partial Regex StatusLine();
}

using System.Globalization;
using System.Net.Sockets;
using System.Text;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Connections;

/// <summary>A connection on which a test writes bytes itself.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client = new();

    private RawConnection()
    {
    }

    /// <summary>The bytes, as long as there is a connection and after it.</summary>
    public Stream Stream { get; private set; } = Stream.Null;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var connection = new RawConnection();
        await connection._client.ConnectAsync(address.Host, address.Port, Token);
        connection.Stream = connection._client.GetStream();
        return connection;
    }

    public Task WriteAsync(string text) => WriteAsync(Encoding.Latin1.GetBytes(text));

    public async Task WriteAsync(byte[] bytes) => await Stream.WriteAsync(bytes, Token).AsTask().WaitAsync(TestTimeouts.Phase, Token);

    /// <summary>Writes as much as the server takes: one that has heard enough answers and closes, and what is still written then has nowhere to go.</summary>
    public async Task WriteUnlessClosedAsync(string text)
    {
        try
        {
            await WriteAsync(text);
        }
        catch (IOException)
        {
            // The answer says why.
        }
    }

    /// <summary>Reads one HTTP/1.1 answer.</summary>
    public async Task<(int Status, string Headers, string Body)> ReadAnswerAsync()
    {
        var text = await ReadThroughAsync("\r\n\r\n");
        if (text.Contains("Transfer-Encoding: chunked", StringComparison.Ordinal))
        {
            return (StatusOf(text), text, await ReadChunksAsync());
        }

        var length = text.Split("\r\n").FirstOrDefault(static line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var body = length is null ? [] : await ReadExactlyAsync(int.Parse(length.Split(':')[1], CultureInfo.InvariantCulture));
        return (StatusOf(text), text, Encoding.UTF8.GetString(body));
    }

    /// <summary>Reads so many bytes.</summary>
    public async Task<byte[]> ReadExactlyAsync(int count)
    {
        var bytes = new byte[count];
        await Stream.ReadExactlyAsync(bytes, Token).AsTask().WaitAsync(TestTimeouts.Phase, Token);
        return bytes;
    }

    /// <summary>True when the other side has ended the connection and nothing is left to be read.</summary>
    public async Task<bool> IsAtEndAsync()
    {
        try
        {
            return await Stream.ReadAsync(new byte[1], Token).AsTask().WaitAsync(TestTimeouts.Phase, Token) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Says that nothing more is written; what comes can still be read.</summary>
    public void EndWriting() => _client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Has the end of the connection reset it: what has not been read is thrown away on both sides.</summary>
    public void ResetAtEnd() => _client.LingerState = new LingerOption(true, 0);

    public void Dispose() => _client.Dispose();

    private static int StatusOf(string headers) => int.Parse(headers.Split(' ')[1], CultureInfo.InvariantCulture);

    private async Task<string> ReadThroughAsync(string end)
    {
        var text = new StringBuilder();
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            text.Append((char)(await ReadExactlyAsync(1))[0]);
        }

        return text.ToString();
    }

    private async Task<string> ReadChunksAsync()
    {
        var body = new StringBuilder();
        int length;
        do
        {
            length = int.Parse((await ReadThroughAsync("\r\n")).TrimEnd(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Append(Encoding.UTF8.GetString(await ReadExactlyAsync(length)));
            await ReadExactlyAsync(2);
        }
        while (length > 0);
        return body.ToString();
    }
}

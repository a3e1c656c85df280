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

    public Stream Stream => _client.GetStream();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<RawConnection> OpenAsync(Uri address)
    {
        var connection = new RawConnection();
        await connection._client.ConnectAsync(address.Host, address.Port, Token);
        return connection;
    }

    public Task WriteAsync(string text) => WriteAsync(Encoding.Latin1.GetBytes(text));

    public async Task WriteAsync(byte[] bytes) => await Stream.WriteAsync(bytes, Token).AsTask().WaitAsync(TestTimeouts.Phase, Token);

    /// <summary>Reads one HTTP/1.1 answer.</summary>
    public async Task<(int Status, string Headers, string Body)> ReadAnswerAsync()
    {
        var headers = new StringBuilder();
        while (!headers.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            headers.Append((char)(await ReadExactlyAsync(1))[0]);
        }

        var text = headers.ToString();
        var length = text.Split("\r\n").FirstOrDefault(static line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        var body = length is null ? [] : await ReadExactlyAsync(int.Parse(length.Split(':')[1], CultureInfo.InvariantCulture));
        return (int.Parse(text.Split(' ')[1], CultureInfo.InvariantCulture), text, Encoding.UTF8.GetString(body));
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

    public void Dispose() => _client.Dispose();
}

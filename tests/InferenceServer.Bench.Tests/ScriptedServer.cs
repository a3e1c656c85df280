using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using InferenceServer.Bench.Addresses;

namespace InferenceServer.Bench.Tests;

/// <summary>A server of HTTP on loopback that answers as a test says.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<int, string, string, Task<string?>> _script;
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private int _requests;

    /// <param name="script">Gives the answer to a request: its number among the inferences, from 0, and its first line. Null closes the connection.</param>
    public ScriptedServer(Func<int, string, Task<string?>> script)
        : this((number, line, _) => script(number, line))
    {
    }

    /// <param name="script">As above, with the body of the request behind.</param>
    public ScriptedServer(Func<int, string, string, Task<string?>> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public ServerAddress Address => ServerAddress.Of((IPEndPoint)_listener.LocalEndpoint);

    /// <summary>Inferences that were asked for.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>An answer with a status and a body.</summary>
    public static string Answer(int status, string body, string headers = "") => $"HTTP/1.1 {status} X\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_connections);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _connections.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = client.GetStream();
                var buffer = new byte[64 * 1024];
                var length = 0;
                while (true)
                {
                    var read = await stream.ReadAsync(buffer.AsMemory(length), _stop.Token);
                    length += read;
                    if (read == 0)
                    {
                        return;
                    }

                    if (RequestLength(buffer.AsSpan(0, length)) is not { } whole || length < whole)
                    {
                        continue;
                    }

                    var line = Encoding.ASCII.GetString(buffer, 0, buffer.AsSpan().IndexOf("\r\n"u8));
                    var body = Encoding.UTF8.GetString(buffer.AsSpan(0, whole)[(buffer.AsSpan().IndexOf("\r\n\r\n"u8) + 4)..]);
                    length = 0;
                    var number = line.StartsWith("POST", StringComparison.Ordinal) ? Interlocked.Increment(ref _requests) - 1 : -1;
                    if (await _script(number, line, body).WaitAsync(_stop.Token) is not { } answer)
                    {
                        return;
                    }

                    await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), _stop.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // The client is gone, or the test is over.
            }
        }
    }

    private static int? RequestLength(ReadOnlySpan<byte> received)
    {
        var end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }

        const string Name = "Content-Length: ";
        var head = Encoding.ASCII.GetString(received[..end]);
        var at = head.IndexOf(Name, StringComparison.Ordinal);
        return end + 4 + (at < 0 ? 0 : int.Parse(head[(at + Name.Length)..].Split("\r\n")[0], CultureInfo.InvariantCulture));
    }
}

using System.Buffers.Binary;
using System.Text;
using InferenceServer.FunctionalTests.Connections;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Writes frames of HTTP/2 that no client library would.</summary>
internal sealed class Http2Attacker : IDisposable
{
    public const byte Headers = 1;
    public const byte Priority = 2;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte Push = 5;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;
    public const byte Continuation = 9;

    public const byte EndHeaders = 4;

    private readonly RawConnection _connection;

    private Http2Attacker(RawConnection connection) => _connection = connection;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The block of headers of a call, without compression.</summary>
    public static byte[] Call { get; } = [.. Field(":method", "POST"), .. Field(":scheme", "http"), .. Field(":path", "/inference.GRPCInferenceService/ModelInfer"), .. Field(":authority", "x"), .. Field("content-type", "application/grpc"), .. Field("te", "trailers")];

    public static async Task<Http2Attacker> OpenAsync(Uri address)
    {
        var connection = await RawConnection.OpenAsync(address);
        await connection.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        var attacker = new Http2Attacker(connection);
        await attacker.WriteAsync(Frame(Settings, 0, 0, []));
        return attacker;
    }

    /// <summary>A frame with its header.</summary>
    public static byte[] Frame(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        frame[0] = (byte)(payload.Length >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(1), (ushort)payload.Length);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    /// <summary>A field of a block of headers: literal, not kept, not compressed. Name and value have less than 127 bytes, or any number that two bytes tell.</summary>
    public static byte[] Field(string name, string value) => [0, .. Text(name), .. Text(value)];

    /// <summary>Writes; false once the other side has ended the connection.</summary>
    public async Task<bool> WriteAsync(byte[] bytes)
    {
        try
        {
            await _connection.WriteAsync(bytes);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Reads until the other side ends the connection; returns what it said.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var said = new StringBuilder();
        var buffer = new byte[16 << 10];
        try
        {
            int read;
            while ((read = await _connection.Stream.ReadAsync(buffer, Token).AsTask().WaitAsync(TestTimeouts.Phase, Token)) > 0)
            {
                said.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // Cut instead of closed.
        }

        return said.ToString();
    }

    public void Dispose() => _connection.Dispose();

    private static byte[] Text(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        return bytes.Length < 127 ? [(byte)bytes.Length, .. bytes] : [127, .. Number(bytes.Length - 127), .. bytes];
    }

    private static byte[] Number(int rest)
    {
        var bytes = new List<byte>();
        for (; rest >= 128; rest >>= 7)
        {
            bytes.Add((byte)(rest | 128));
        }

        bytes.Add((byte)rest);
        return [.. bytes];
    }
}

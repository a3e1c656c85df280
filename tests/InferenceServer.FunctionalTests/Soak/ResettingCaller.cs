using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Inference;
using InferenceServer.FunctionalTests.Connections;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.FunctionalTests.Traffic;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Speaks HTTP/2 by hand: begins calls, with their message or without, and resets each of them at once. Then the connection goes, too.</summary>
internal sealed class ResettingCaller : ISoakActor
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte ResetStream = 3;
    private const byte Settings = 4;
    private const byte EndHeaders = 4;
    private const byte EndStream = 1;
    private const byte Cancel = 8;

    public async Task StepAsync(SoakScene scene, Random random)
    {
        using var connection = await RawConnection.OpenAsync(scene.Rpc);
        using var bytes = new MemoryStream();
        bytes.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Write(bytes, Settings, 0, 0, []);
        var streams = random.Next(1, 12);
        for (var i = 0; i < streams; i++)
        {
            var ticket = scene.Books.Open(SoakWay.Rpc, DecoupledRepository.Plain);
            var stream = (2 * i) + 1;
            Write(bytes, Headers, EndHeaders, stream, Head("/inference.GRPCInferenceService/ModelInfer"));
            var isWhole = scene.Leaves && random.Next(2) == 0;
            if (isWhole)
            {
                Write(bytes, Data, EndStream, stream, Message(i));
            }

            Write(bytes, ResetStream, 0, stream, [0, 0, 0, Cancel]);
            ticket.Cut(isWhole ? SoakEnd.CutLater : SoakEnd.CutInHead);
        }

        await connection.WriteAsync(bytes.ToArray());
        await scene.PauseAsync(random.Next(0, 60));
        if (random.Next(2) == 0)
        {
            connection.ResetAtEnd();
        }
    }

    private static byte[] Message(int number)
    {
        var request = new ModelInferRequest { ModelName = DecoupledRepository.Plain, Id = $"{number}" };
        request.Inputs.Add(StreamTest.Input("IN", [number]));
        var message = request.ToByteArray();
        var framed = new byte[message.Length + 5];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, 5);
        return framed;
    }

    /// <summary>The head of a call, each field as a literal (RFC 7541, 6.2.2); the numbers are places in the static table.</summary>
    private static byte[] Head(string path)
    {
        using var head = new MemoryStream();
        head.Write([0x83, 0x86, 0x04]);
        Text(head, path);
        head.WriteByte(0x01);
        Text(head, "soak");
        head.Write([0x0f, 0x10]);
        Text(head, "application/grpc");
        head.WriteByte(0);
        Text(head, "te");
        Text(head, "trailers");
        return head.ToArray();
    }

    private static void Text(Stream head, string text)
    {
        head.WriteByte((byte)text.Length);
        head.Write(Encoding.ASCII.GetBytes(text));
    }

    private static void Write(Stream bytes, byte type, byte flags, int stream, byte[] payload)
    {
        Span<byte> frame = stackalloc byte[9];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame[5..], stream);
        bytes.Write(frame);
        bytes.Write(payload);
    }
}

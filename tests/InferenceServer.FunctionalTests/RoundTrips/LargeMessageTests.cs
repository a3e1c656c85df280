using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Google.Protobuf;
using Inference;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Memory;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit;

namespace InferenceServer.FunctionalTests.RoundTrips;

/// <summary>
/// Large messages over gRPC, whose contents are taken as they come: they come back, whoever leaves has nothing left behind, and whatever is wrong with one is answered as gRPC's library answers it.
/// </summary>
public sealed class LargeMessageTests(EchoServer echo) : IClassFixture<EchoServer>
{
    private const int Length = 2 << 20;

    /// <summary>Calls of this type are the library's from their first byte on.</summary>
    private const string LibraryType = "application/grpc+proto";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private RunningServer Server => echo.Server;

    private TensorPool Pool => Server.Get<TensorPool>();

    [Fact]
    public async Task LargeTensor_ComesBack()
    {
        var data = Data(64 << 20);
        var response = await Server.Rpc.ModelInferAsync(Message(EchoServer.Vector(TensorDataType.UInt8), ("A", data.Length, data)), cancellationToken: Token);
        Assert.True(data.AsSpan().SequenceEqual(Assert.Single(response.RawOutputContents).Span));
    }

    [Fact]
    public async Task LargeTensors_SideBySide_ComeBack()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 12), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Token }, async (number, token) =>
        {
            var (a, b) = (Data(Length + number), Data(1 + (number * 100_000)));
            var response = await Server.Rpc.ModelInferAsync(Message(EchoServer.Pair(TensorDataType.UInt8, 1), ("A", a.Length, a), ("B", b.Length, b)), cancellationToken: token);
            Assert.True(a.AsSpan().SequenceEqual(response.RawOutputContents[0].Span));
            Assert.True(b.AsSpan().SequenceEqual(response.RawOutputContents[1].Span));
        });
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(Length)]
    [InlineData(int.MaxValue)]
    public async Task Client_ThatLeavesInTheMiddle_LeavesNoMemoryBehind(int sent)
    {
        var body = Frame(Message(EchoServer.Pair(TensorDataType.UInt8, 1), ("A", Length, Data(Length)), ("B", Length, Data(Length))));
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        using var client = new HttpClient();
        using var content = new EndlessContent(body.AsMemory(0, Math.Min(sent, body.Length)));
        var calling = AskAsync(client, content, "application/grpc", leaving.Token);
        await Waiting.UntilAsync(() => Pool.RentedBuffers == 2);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        await Waiting.UntilAsync(() => Pool.RentedBuffers == 0);
    }

    public static TheoryData<string> OtherNames => [.. s_others.Select(static other => other.Name)];

    private static readonly (string Name, Func<byte[]> Body, int Status)[] s_others =
    [
        ("nothing wrong", static () => Pair(Length, 1000, Length, 1000), 0),
        ("cut in its contents", static () => Pair(Length, 1000, Length, 1000)[..^1], 13),
        ("cut in its first contents", static () => Pair(Length, 1000, Length, 1000)[..(Length / 2)], 13),
        ("cut in front of its contents", static () => Pair(1000, Length, 1000, Length)[..^Length], 13),
        ("more than one", static () => [.. Pair(Length, 1000, Length, 1000), .. Pair(10, 10, 10, 10)], 13),
        ("a byte too many", static () => [.. Pair(Length, 1000, Length, 1000), 0], 13),
        ("contents shorter than the shape says", static () => Pair(Length, 1000, Length - 1, 1000), 3),
        ("contents longer than the shape says", static () => Pair(Length, 1000, Length + 4, 1000), 3),
        ("the contents of each other", static () => Pair(Length, 1000, 1000, Length), 3),
        ("an entry missing", static () => Frame(Without(message => message.RawInputContents.RemoveAt(1))), 3),
        ("an entry missing, and the other as long as both", static () => Frame(Without(static message =>
        {
            message.RawInputContents.RemoveAt(1);
            message.RawInputContents[0] = ByteString.CopyFrom(Data(Length + 1000 + 3));
        })), 3),
        ("an entry too many", static () => Frame(Without(static message => message.RawInputContents.Add(ByteString.CopyFrom(Data(1000))))), 3),
        ("the model's name at its end", static () => Frame([.. Without(static message => message.ModelName = "").ToByteArray(), .. new ModelInferRequest { ModelName = EchoServer.Pair(TensorDataType.UInt8, 1) }.ToByteArray()]), 0),
        ("another name where contents should be", static () => Renamed(), 5),
        ("no message from its contents on", static () => Broken(), 3),
        ("a length in more bytes than it needs", static () => LongLength(), 0),
        ("a model that is not there", static () => Frame(Without(static message => message.ModelName = "nobody")), 5),
        ("an input that is not there", static () => Frame(Without(static message => message.Inputs[1].Name = "C")), 3),
        ("another type than the model's", static () => Frame(Without(static message => message.Inputs[0].Datatype = "INT8")), 3),
    ];

    [Theory]
    [MemberData(nameof(OtherNames))]
    public async Task LargeMessage_ThatIsAsItShouldBeOrNot_IsAnsweredAsTheLibraryAnswersIt(string name)
    {
        var (_, make, status) = s_others.Single(other => other.Name == name);
        var body = make();
        using var client = new HttpClient();
        using var plain = new ByteArrayContent(body);
        using var library = new ByteArrayContent(body);
        var expected = await AskAsync(client, library, LibraryType, Token);
        Assert.Equal(expected, await AskAsync(client, plain, "application/grpc", Token));
        Assert.Equal($"{status}", expected.Status);
        await Waiting.UntilAsync(() => Pool.RentedBuffers == 0);
    }

    private static byte[] Data(int length)
    {
        var data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }

    private static ModelInferRequest Message(string model, params (string Name, int Elements, byte[] Data)[] inputs)
    {
        var message = new ModelInferRequest { ModelName = model, Id = "large" };
        foreach (var (name, elements, data) in inputs)
        {
            message.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = "UINT8", Shape = { elements } });
            message.RawInputContents.Add(UnsafeByteOperations.UnsafeWrap(data));
        }

        return message;
    }

    private static ModelInferRequest Without(Action<ModelInferRequest> change)
    {
        var message = Message(EchoServer.Pair(TensorDataType.UInt8, 1), ("A", Length, Data(Length)), ("B", 1000, Data(1000)));
        change(message);
        return message;
    }

    /// <summary>Two inputs: what their shapes say, and how long their contents are.</summary>
    private static byte[] Pair(int a, int b, int bytesOfA, int bytesOfB) => Frame(Message(EchoServer.Pair(TensorDataType.UInt8, 1), ("A", a, Data(bytesOfA)), ("B", b, Data(bytesOfB))));

    /// <summary>As long as it should be, but where the second contents should be there is a name, of one byte and so long as they.</summary>
    private static byte[] Renamed()
    {
        var message = Without(static message => message.RawInputContents[1] = ByteString.Empty);
        var bytes = message.ToByteArray().AsSpan(..^2);
        return Frame([.. bytes, .. new ModelInferRequest { ModelName = new string('n', 1000) }.ToByteArray()]);
    }

    private static byte[] Broken()
    {
        var bytes = Without(static _ => { }).ToByteArray();
        bytes[^1003] = 0xFF;
        return Frame(bytes);
    }

    /// <summary>The second contents say their length in two bytes, where one would do.</summary>
    private static byte[] LongLength()
    {
        var message = Without(static message =>
        {
            message.Inputs[1].Shape[0] = 127;
            message.RawInputContents.RemoveAt(1);
        });
        return Frame([.. message.ToByteArray(), 0x3A, 0xFF, 0x00, .. Data(127)]);
    }

    private static byte[] Frame(ModelInferRequest message) => Frame(message.ToByteArray());

    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private async Task<(string? Status, string? Message, string Body)> AskAsync(HttpClient client, HttpContent content, string type, CancellationToken token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{Server.RpcAddress}/inference.GRPCInferenceService/ModelInfer") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content };
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
        var body = await answer.Content.ReadAsByteArrayAsync(token);
        return (Find(answer, "grpc-status"), Find(answer, "grpc-message"), Convert.ToHexString(SHA256.HashData(body)));
    }

    private static string? Find(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) || answer.TrailingHeaders.TryGetValues(name, out values) ? values.Single() : null;

    /// <summary>A body that begins and does not end.</summary>
    private sealed class EndlessContent(ReadOnlyMemory<byte> start) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(start, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

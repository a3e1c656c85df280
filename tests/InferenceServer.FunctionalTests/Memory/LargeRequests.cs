using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Memory;

/// <summary>Large requests to a model that answers with what it was sent, by every way in which a body can come.</summary>
internal static class LargeRequests
{
    public const string Model = "echo";

    private const string Path = "/v2/models/echo/infer";
    private const string HeaderLength = "Inference-Header-Content-Length";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The ways of which the server learns the length before it reads.</summary>
    public static IReadOnlyList<string> Announced { get; } = ["json", "binary", "raw", "grpc", "typed grpc", "stream"];

    /// <summary>The others: how large they are shows when they have been read.</summary>
    public static IReadOnlyList<string> OpenEnded { get; } = ["chunked", "chunked json", "chunked binary", "gzip", "gzip grpc", "gzip stream"];

    public static void WriteModel(TemporaryDirectory folder)
    {
        folder.Write("echo/config.pbtxt", """
            backend: "identity"
            max_batch_size: 0
            input [ { name: "X", data_type: TYPE_UINT8, dims: [ -1 ] } ]
            output [ { name: "Y", data_type: TYPE_UINT8, dims: [ -1 ] } ]
            instance_group [ { count: 2 } ]
            """);
        Directory.CreateDirectory(System.IO.Path.Combine(folder.FullPath, "echo", "1"));
    }

    /// <summary>Elements that no other request has.</summary>
    public static byte[] Data(int length, int seed)
    {
        var data = new byte[length];
        new Random(seed).NextBytes(data);

        // One digit each, so that the text has two bytes an element.
        for (var i = 0; i < data.Length; i++)
        {
            data[i] %= 10;
        }

        return data;
    }

    /// <summary>Asks, and returns what the model has answered.</summary>
    public static Task<byte[]> AskAsync(RunningServer server, string way, byte[] data) => way switch
    {
        "json" or "chunked json" => AskJsonAsync(server, way, data),
        "grpc" => AskRpcAsync(server, Message(data), false),
        "typed grpc" => AskRpcAsync(server, Typed(data), false),
        "gzip grpc" => AskRpcAsync(server, Message(data), true),
        "stream" or "gzip stream" => AskStreamAsync(server, Message(data), way != "stream"),
        _ => AskBinaryAsync(server, way, data),
    };

    public static ModelInferRequest Message(byte[] data, string id = "") => new()
    {
        ModelName = Model,
        Id = id,
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "UINT8", Shape = { data.Length } } },
        RawInputContents = { UnsafeByteOperations.UnsafeWrap(data) },
    };

    /// <summary>Has a body compressed as clients do: one that says so in a header of its own.</summary>
    public static Metadata Compressed(bool isCompressed) => isCompressed ? new Metadata { { "grpc-internal-encoding-request", "gzip" } } : [];

    private static ModelInferRequest Typed(byte[] data)
    {
        var message = Message([]);
        message.RawInputContents.Clear();
        message.Inputs[0].Shape[0] = data.Length;
        message.Inputs[0].Contents = new InferTensorContents { UintContents = { data.Select(static one => (uint)one) } };
        return message;
    }

    private static async Task<byte[]> AskRpcAsync(RunningServer server, ModelInferRequest message, bool isCompressed) =>
        (await server.Rpc.ModelInferAsync(message, Compressed(isCompressed), cancellationToken: Token)).RawOutputContents[0].ToByteArray();

    private static async Task<byte[]> AskStreamAsync(RunningServer server, ModelInferRequest message, bool isCompressed)
    {
        using var call = server.Rpc.ModelStreamInfer(Compressed(isCompressed), cancellationToken: Token);
        await call.RequestStream.WriteAsync(message, Token);
        var answer = Assert.Single(await call.EndAsync());
        return answer.ErrorMessage.Length > 0 ? throw new RpcException(new Status(StatusCode.Unavailable, answer.ErrorMessage)) : answer.InferResponse.RawOutputContents[0].ToByteArray();
    }

    private static async Task<byte[]> AskJsonAsync(RunningServer server, string way, byte[] data)
    {
        var text = new StringBuilder(2 * data.Length).Append(CultureInfo.InvariantCulture, $"{{\"inputs\":[{{\"name\":\"X\",\"datatype\":\"UINT8\",\"shape\":[{data.Length}],\"data\":[").AppendJoin(',', data).Append("]}]}");
        var answer = await SendAsync(server, Encoding.ASCII.GetBytes(text.ToString()), null, way);
        using var json = JsonDocument.Parse(answer);
        return [.. json.RootElement.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(static one => one.GetByte())];
    }

    private static async Task<byte[]> AskBinaryAsync(RunningServer server, string way, byte[] data)
    {
        var header = way is "binary" or "chunked binary"
            ? Encoding.ASCII.GetBytes($"{{\"inputs\":[{{\"name\":\"X\",\"datatype\":\"UINT8\",\"shape\":[{data.Length}],\"parameters\":{{\"binary_data_size\":{data.Length}}}}}],\"parameters\":{{\"binary_data_output\":true}}}}")
            : [];
        return (await SendAsync(server, [.. header, .. data], header.Length, way))[^data.Length..];
    }

    private static async Task<byte[]> SendAsync(RunningServer server, byte[] body, int? headerLength, string way)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = way == "gzip" ? new ByteArrayContent(Compress(body)) : new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = way.StartsWith("chunked", StringComparison.Ordinal);
        if (headerLength is { } length)
        {
            request.Content.Headers.Add(HeaderLength, length.ToString(CultureInfo.InvariantCulture));
        }

        if (way == "gzip")
        {
            request.Content.Headers.ContentEncoding.Add("gzip");
        }

        using var answer = await server.Http.SendAsync(request, Token);
        var content = await answer.Content.ReadAsByteArrayAsync(Token);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, Encoding.UTF8.GetString(content.AsSpan(0, Math.Min(content.Length, 1000))));
        return content;
    }

    private static byte[] Compress(byte[] body)
    {
        using var compressed = new MemoryStream();
        using (var stream = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            stream.Write(body);
        }

        return compressed.ToArray();
    }
}

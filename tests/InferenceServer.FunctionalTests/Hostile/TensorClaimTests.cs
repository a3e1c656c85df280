using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Inference;
using InferenceServer.Abstractions.Tensors;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Tensors that claim to be what they are not: shapes whose product overflows, counts below nothing, lengths beyond the end.</summary>
[Collection(BesiegedServerCollection.Name)]
public sealed class TensorClaimTests(BesiegedServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Types => [.. TensorDataTypes.All.ToArray().Select(static type => type.ProtocolName())];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Shape_ThatNoDataHas_IsRefusedOverBothProtocols(string type)
    {
        long[][] shapes =
        [
            [-1], [-1, 4], [4, -1], [-2, -2], [long.MinValue], [long.MaxValue], [1L << 32, 1L << 32], [1L << 62, 4], [1L << 31], [(1L << 32) + 1],
            [.. Enumerable.Repeat(1L, 100)], [.. Enumerable.Repeat(2L, 64)], [], [3], [5], [0],
        ];
        var size = type == "BYTES" ? 0 : TensorDataTypes.All.ToArray().Single(one => one.ProtocolName() == type).ElementSize();
        var bytes = type == "BYTES" ? [1, 0, 0, 0, (byte)'a', 1, 0, 0, 0, (byte)'b', 1, 0, 0, 0, (byte)'c', 1, 0, 0, 0, (byte)'d'] : new byte[4 * size];
        var data = type == "BYTES" ? "\"a\",\"b\",\"c\",\"d\"" : type == "BOOL" ? "true,false,true,false" : "1,2,3,4";
        var path = $"/v2/models/echo_{type}/infer";
        Assert.Equal(200, (await PostBinaryAsync(path, type, [4], bytes)).Status);
        foreach (var shape in shapes)
        {
            var said = $"{type} [{string.Join(',', shape)}]";
            if (type is not ("FP16" or "BF16"))
            {
                var json = await server.PostAsync(path, $$"""{"inputs":[{"name":"X","datatype":"{{type}}","shape":[{{string.Join(',', shape)}}],"data":[{{data}}]}]}""");
                Assert.True(json.Status == 400, $"{said}, JSON: {json}");
            }

            var binary = await PostBinaryAsync(path, type, shape, bytes);
            Assert.True(binary.Status == 400, $"{said}, binary: {binary}");
            var request = new ModelInferRequest { ModelName = $"echo_{type}", Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = type, Shape = { shape } } }, RawInputContents = { ByteString.CopyFrom(bytes) } };
            var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelInferAsync(request, cancellationToken: Token));
            Assert.True(error.StatusCode == StatusCode.InvalidArgument, $"{said}, gRPC: {error.Status}");
            server.TellsNothing(error.Status.Detail);
        }

        await server.StandsAsync();
    }

    [Theory]
    [InlineData(0xFFFFFFFF)]
    [InlineData(0x80000000)]
    [InlineData(0x7FFFFFFF)]
    [InlineData(2)]
    public async Task Text_LongerThanWhatIsLeft_IsRefused(uint length)
    {
        var bytes = new byte[5];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, length);
        Assert.Equal(400, (await PostBinaryAsync("/v2/models/echo_BYTES/infer", "BYTES", [1], bytes)).Status);
        Assert.Equal(400, (await PostBinaryAsync("/v2/models/echo_BYTES/infer", "BYTES", [1], bytes[..3])).Status);
        var request = new ModelInferRequest { ModelName = "echo_BYTES", Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = "BYTES", Shape = { 1 } } }, RawInputContents = { ByteString.CopyFrom(bytes) } };
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.ModelInferAsync(request, cancellationToken: Token))).StatusCode);
        await server.StandsAsync();
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    [InlineData("2147483648")]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("1e2")]
    [InlineData("5, 5")]
    [InlineData("5\r\nInference-Header-Content-Length: 90")]
    public async Task HeaderLength_ThatIsNone_IsRefused(string length)
    {
        using var connection = await Connections.RawConnection.OpenAsync(server.HttpAddress);
        await connection.WriteAsync($"POST /v2/models/echo_UINT8/infer HTTP/1.1\r\nHost: x\r\nInference-Header-Content-Length: {length}\r\nContent-Length: 100\r\n\r\n" + new string('{', 100));
        var (status, _, body) = await connection.ReadAnswerAsync();
        server.TellsNothing(body);
        Assert.True(status == 400, body);
        await server.StandsAsync();
    }

    /// <summary>Sizes of binary tensors whose sum is not what follows, or is what follows only where it overflows.</summary>
    [Theory]
    [InlineData("4", 3)]
    [InlineData("4", 5)]
    [InlineData("-4", 4)]
    [InlineData("9223372036854775807", 4)]
    [InlineData("18446744073709551620", 4)]
    [InlineData("4294967300", 4)]
    [InlineData("\"4\"", 4)]
    [InlineData("4.5", 4)]
    [InlineData("true", 4)]
    public async Task BinarySize_ThatIsNotWhatFollows_IsRefused(string size, int sent)
    {
        var header = Encoding.UTF8.GetBytes($$$"""{"inputs":[{"name":"X","datatype":"UINT8","shape":[4],"parameters":{"binary_data_size":{{{size}}}}}]}""");
        using var content = new ByteArrayContent([.. header, .. new byte[sent]]);
        content.Headers.Add("Inference-Header-Content-Length", $"{header.Length}");
        var (status, body) = await server.SendAsync(HttpMethod.Post, "/v2/models/echo_UINT8/infer", content);
        Assert.True(status == 400, body);
        await server.StandsAsync();
    }

    private async Task<(int Status, string Body)> PostBinaryAsync(string path, string type, long[] shape, byte[] bytes)
    {
        var header = Encoding.UTF8.GetBytes($$$"""{"inputs":[{"name":"X","datatype":"{{{type}}}","shape":[{{{string.Join(',', shape)}}}],"parameters":{"binary_data_size":{{{bytes.Length}}}}}]}""");
        using var content = new ByteArrayContent([.. header, .. bytes]);
        content.Headers.Add("Inference-Header-Content-Length", $"{header.Length}");
        return await server.SendAsync(HttpMethod.Post, path, content);
    }
}

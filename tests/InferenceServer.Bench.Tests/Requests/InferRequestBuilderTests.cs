using System.Globalization;
using System.Text;
using System.Text.Json;
using Inference;
using InferenceServer.Bench.Models;
using InferenceServer.Bench.Requests;
using Xunit;

namespace InferenceServer.Bench.Tests.Requests;

public sealed class InferRequestBuilderTests
{
    private static readonly InferRequest _request = AddSub.Request(rows: 2);

    [Fact]
    public void Json_AddSub_BodyParsesAndHasEveryValue()
    {
        var (head, body) = Split(InferRequestBuilder.Json(AddSub.Nowhere, _request, []));

        Assert.StartsWith("POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n", head, StringComparison.Ordinal);
        Assert.Equal(body.Length, HeaderValue(head, "Content-Length"));
        Assert.DoesNotContain("Inference-Header", head, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(body);
        var input = document.RootElement.GetProperty("inputs")[1];
        Assert.Equal("INPUT1", input.GetProperty("name").GetString());
        Assert.Equal([2L, 16L], input.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64()));
        Assert.Equal(_request.Inputs[1].Data, TensorJson.Read(input.GetProperty("data"), "FP32"));
    }

    [Fact]
    public void Json_AddSub_NumbersAreShort()
    {
        var (_, body) = Split(InferRequestBuilder.Json(AddSub.Nowhere, _request, []));
        using var document = JsonDocument.Parse(body);

        Assert.All(
            document.RootElement.GetProperty("inputs")[0].GetProperty("data").EnumerateArray(),
            number => Assert.InRange(number.GetRawText().Length, 1, 4));
    }

    [Fact]
    public void Binary_AddSub_HeaderLengthMarksTheFirstTensorByte()
    {
        var (head, body) = Split(InferRequestBuilder.Binary(AddSub.Nowhere, _request, []));
        var length = HeaderValue(head, "Inference-Header-Content-Length");

        Assert.Equal(body.Length, HeaderValue(head, "Content-Length"));
        using var document = JsonDocument.Parse(body.AsMemory(0, length));
        Assert.True(document.RootElement.GetProperty("parameters").GetProperty("binary_data_output").GetBoolean());
        Assert.All(
            document.RootElement.GetProperty("inputs").EnumerateArray(),
            input => Assert.Equal(128, input.GetProperty("parameters").GetProperty("binary_data_size").GetInt32()));
        Assert.Equal([.. _request.Inputs[0].Data, .. _request.Inputs[1].Data], body[length..]);
    }

    [Fact]
    public void Grpc_AddSub_ParsesWithRawContentsInInputOrder()
    {
        var request = ModelInferRequest.Parser.ParseFrom(InferRequestBuilder.Grpc(_request));

        Assert.Equal("add_sub", request.ModelName);
        Assert.Equal(["INPUT0", "INPUT1"], request.Inputs.Select(i => i.Name));
        Assert.Equal([2L, 16L], request.Inputs[0].Shape);
        Assert.Equal(_request.Inputs[1].Data, request.RawInputContents[1].ToByteArray());
    }

    [Fact]
    public void Json_HalfFloats_AreRefusedWithAnAlternative()
    {
        var error = Assert.Throws<BenchException>(() => InferRequestBuilder.Json(AddSub.Nowhere, AddSub.Request(rows: 1, "FP16"), []));

        Assert.Contains("binary and grpc", error.Message, StringComparison.Ordinal);
    }

    private static (string Head, byte[] Body) Split(byte[] request)
    {
        var end = request.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        return (Encoding.ASCII.GetString(request, 0, end), request[end..]);
    }

    private static int HeaderValue(string head, string name)
    {
        var line = Assert.Single(head.Split("\r\n"), l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return int.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }
}

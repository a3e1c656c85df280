using System.Text.Json;
using Google.Protobuf.Collections;
using Inference;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.SharedMemory;
using Xunit;

namespace InferenceServer.Bench.Tests.Requests;

public sealed class SharedRequestBuilderTests
{
    private static readonly SharedPlace[] s_inputs = [new("INPUT0", "in", 0, 64), new("INPUT1", "in", 64, 64)];
    private static readonly SharedPlace[] s_outputs = [new("OUTPUT0", "out", 4096, 128)];

    private static readonly Dictionary<string, JsonElement> s_parameters = new(StringComparer.Ordinal) { ["priority"] = JsonSerializer.SerializeToElement(2) };

    private static InferRequest Request => AddSub.Request(rows: 1) with { Parameters = [.. s_parameters] };

    [Theory]
    [InlineData("Json")]
    [InlineData("Binary")]
    public void OverHttp_IsJsonWithPlacesAndNoElements(string encoding)
    {
        var sent = SharedRequestBuilder.For(Enum.Parse<WireEncoding>(encoding), AddSub.Nowhere, Request, [new("X-Key", "k")], s_inputs, s_outputs);

        var text = System.Text.Encoding.UTF8.GetString(sent);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        Assert.StartsWith("POST /v2/models/add_sub/infer HTTP/1.1\r\n", text, StringComparison.Ordinal);
        Assert.Contains("X-Key: k\r\n", text[..end], StringComparison.Ordinal);
        Assert.DoesNotContain("Inference-Header-Content-Length", text[..end], StringComparison.Ordinal);
        Assert.Equal(
            """{"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,16],"parameters":{"shared_memory_region":"in","shared_memory_byte_size":64,"shared_memory_offset":0}},"""
            + """{"name":"INPUT1","datatype":"FP32","shape":[1,16],"parameters":{"shared_memory_region":"in","shared_memory_byte_size":64,"shared_memory_offset":64}}],"outputs":"""
            + """[{"name":"OUTPUT0","parameters":{"shared_memory_region":"out","shared_memory_byte_size":128,"shared_memory_offset":4096}}],"parameters":{"priority":2}}""",
            text[end..]);
    }

    [Theory]
    [InlineData("Grpc", false)]
    [InlineData("Stream", true)]
    public void OverRpc_IsAMessageWithPlacesAndNoElements(string encoding, bool asksForTheEnd)
    {
        var request = ModelInferRequest.Parser.ParseFrom(SharedRequestBuilder.For(Enum.Parse<WireEncoding>(encoding), AddSub.Nowhere, Request, [], s_inputs, s_outputs));

        Assert.Empty(request.RawInputContents);
        Assert.All(request.Inputs, static input => Assert.Null(input.Contents));
        Assert.Equal([1L, 16L], request.Inputs[1].Shape);
        Assert.Equal(("in", 64L, 64L), Place(request.Inputs[1].Parameters));
        Assert.Equal("OUTPUT0", Assert.Single(request.Outputs).Name);
        Assert.Equal(("out", 128L, 4096L), Place(request.Outputs[0].Parameters));
        Assert.Equal(2, request.Parameters["priority"].Int64Param);
        Assert.Equal(asksForTheEnd, request.Parameters.ContainsKey("triton_enable_empty_final_response"));
    }

    private static (string Region, long ByteSize, long Offset) Place(MapField<string, InferParameter> parameters) =>
        (parameters["shared_memory_region"].StringParam, parameters["shared_memory_byte_size"].Int64Param, parameters["shared_memory_offset"].Int64Param);
}

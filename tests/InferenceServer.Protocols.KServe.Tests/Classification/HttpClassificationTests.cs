using System.Net;
using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Classification;

public sealed class HttpClassificationTests
{
    [Theory]
    [InlineData(1, "[2,1]", """["3.000000:2:blue","9.000000:0:red"]""")]
    [InlineData(2, "[2,2]", """["3.000000:2:blue","2.000000:1","9.000000:0:red","8.000000:1"]""")]
    [InlineData(99, "[2,4]", """["3.000000:2:blue","2.000000:1","1.000000:0:red","0.500000:3","9.000000:0:red","8.000000:1","7.000000:2:blue","0.500000:3"]""")]
    [InlineData(18446744073709551615, "[2,4]", """["3.000000:2:blue","2.000000:1","1.000000:0:red","0.500000:3","9.000000:0:red","8.000000:1","7.000000:2:blue","0.500000:3"]""")]
    public async Task Infer_Classes_AreTheBestOfEachRowWithTheirLabels(ulong count, string shape, string data)
    {
        // The second line of the file is empty, and there is none for the fourth class.
        await using var server = await KServeServer.StartAsync(Model(4, TensorDataType.Fp32, "red\n\nblue\n", -1, 4));
        var (status, body) = await AskAsync(server, $$$"""{"inputs":[{"name":"IN","datatype":"FP32","shape":[2,4],"data":[1,2,3,0.5,9,8,7,0.5]}],"outputs":[{"name":"OUT","parameters":{"classification":{{{count}}}}}]}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal($$$"""{"model_name":"m","model_version":"1","outputs":[{"name":"OUT","datatype":"BYTES","shape":{{{shape}}},"data":{{{data}}}}]}""", body);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_WithoutBatching_HasOneRowOfAllElements()
    {
        await using var server = await KServeServer.StartAsync(Model(0, TensorDataType.Int64, "", 2, 2));
        var (_, body) = await AskAsync(server, """{"inputs":[{"name":"IN","datatype":"INT64","shape":[2,2],"data":[-5,7,9,-9]}],"outputs":[{"name":"OUT","parameters":{"classification":3}}]}""");
        Assert.Contains("""
            "shape":[3],"data":["9:2","7:1","-5:0"]
            """, body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, "[1,0]", "[1,0]")]
    [InlineData(0, "[0]", "[0]")]
    public async Task Infer_NoElements_GivesNoClasses(int maxBatchSize, string shape, string expected)
    {
        await using var server = await KServeServer.StartAsync(Model(maxBatchSize, TensorDataType.Fp32, "", maxBatchSize > 0 ? [-1, -1] : [-1]));
        var (status, body) = await AskAsync(server, $$$"""{"inputs":[{"name":"IN","datatype":"FP32","shape":{{{shape}}},"data":[]}],"outputs":[{"name":"OUT","parameters":{"classification":2}}]}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains($"\"datatype\":\"BYTES\",\"shape\":{expected},\"data\":[]", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TensorDataType.Bool, "BOOL", "true")]
    [InlineData(TensorDataType.Bytes, "BYTES", "\"a\"")]
    [InlineData(TensorDataType.Fp16, "FP16", "1")]
    [InlineData(TensorDataType.Bf16, "BF16", "1")]
    public async Task Infer_TypeWithoutClasses_IsRefused(TensorDataType type, string name, string value)
    {
        await using var server = await KServeServer.StartAsync(Model(0, type, "", 1));
        var (status, body) = await AskAsync(server, $$$"""{"inputs":[{"name":"IN","datatype":"{{{name}}}","shape":[1],"data":[{{{value}}}]}],"outputs":[{"name":"OUT","parameters":{"classification":1}}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains($"class result not available for output due to unsupported type '{name}'", body, StringComparison.Ordinal);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData(1_000_000, HttpStatusCode.OK, "1000000")]
    [InlineData(1_000_001, HttpStatusCode.BadRequest, "classification output tensor too large")]
    public async Task Infer_MoreElementsThanAllowed_AreRefused(int elements, HttpStatusCode expected, string words)
    {
        await using var server = await KServeServer.StartAsync(Model(0, TensorDataType.Int8, "", -1));
        var header = $$$"""{"inputs":[{"name":"IN","datatype":"INT8","shape":[{{{elements}}}],"parameters":{"binary_data_size":{{{elements}}}}}],"outputs":[{"name":"OUT","parameters":{"classification":1000000}}]}""";
        using var content = new ByteArrayContent([.. Encoding.UTF8.GetBytes(header), .. new byte[elements]]);
        content.Headers.Add("Inference-Header-Content-Length", $"{header.Length}");
        using var response = await server.Client.PostAsync("/v2/models/m/infer", content, TestContext.Current.CancellationToken);
        Assert.Equal(expected, response.StatusCode);
        Assert.Contains(words, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(0, server.Allocator.Rented);
    }

    private static EchoModel Model(int maxBatchSize, TensorDataType type, string labels, params long[] shape)
    {
        Assert.True(ClassLabels.TryParse(Encoding.UTF8.GetBytes(labels), 100, out var parsed, out _));
        return new EchoModel(EchoModel.Config("m", maxBatchSize, ("IN", "OUT", type, shape)), labels: parsed);
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(KServeServer server, string json)
    {
        using var content = new StringContent(json);
        using var response = await server.Client.PostAsync("/v2/models/m/infer", content, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

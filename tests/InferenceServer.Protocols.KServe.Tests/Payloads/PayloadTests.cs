using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Payloads;

/// <summary>Rows and texts in place of requests, over the real route.</summary>
public sealed class PayloadTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("[[5.5,3.5],[1.0,2.0],[0.0,0.0]]", "[3,2]", "[5.5,3.5,1.0,2.0,0.0,0.0]")]
    [InlineData(" [ 5.5 , 3.5 ] ", "[1,2]", "[5.5,3.5]")]
    [InlineData("[[NaN,-Infinity]]", "[1,2]", "[NaN,-Infinity]")]
    public async Task Rows_AreTheModelsOnlyInput(string body, string shape, string data)
    {
        await using var server = await KServeServer.StartAsync(Batching(TensorDataType.Fp32, 2));
        var (status, answer) = await PostAsync(server, body);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal($$"""{"model_name":"rows","model_version":"1","outputs":[{"name":"OUT","datatype":"FP32","shape":{{shape}},"data":{{data}}}]}""", answer);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData("[]", "'IN' of shape [-1,2]")]
    [InlineData("[[]]", "[1,0]")]
    [InlineData("[1,2,3]", "[3], expected [-1,2]")]
    [InlineData("[[1,2],[3]]", "uneven")]
    [InlineData("[[1,2],3]", "uneven")]
    [InlineData("[[[[[[[[[1,2]]]]]]]]]", "at most 8 dimensions")]
    [InlineData("[[1,\"a\"]]", "element 1 must be")]
    [InlineData("[[1,null]]", "element 1 must be")]
    [InlineData("[[1,{\"a\":2}]]", "element 1 must be")]
    [InlineData("[[1,1e99]]", "element 1 must be")]
    [InlineData("[[1,2]", "offset 6")]
    [InlineData("[[1,2]] [", "nothing after")]
    public async Task Rows_ThatDoNotFit_AreToldWhatWasExpected(string body, string word)
    {
        await using var server = await KServeServer.StartAsync(Batching(TensorDataType.Fp32, 2));
        var (status, answer) = await PostAsync(server, body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(word, Error(answer), StringComparison.Ordinal);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Rows_ForSeveralInputs_AreToldWhichThereAre()
    {
        var model = new EchoModel(EchoModel.Config("rows", 0, ("A", "X", TensorDataType.Int32, [-1]), ("B", "Y", TensorDataType.Int32, [-1])));
        await using var server = await KServeServer.StartAsync(model);
        var (status, answer) = await PostAsync(server, "[1]");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("'A', 'B'", Error(answer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, HttpStatusCode.OK)]
    [InlineData(false, HttpStatusCode.BadRequest)]
    public async Task Rows_OptionalInputs_DoNotCount(bool isOptional, HttpStatusCode expected)
    {
        var config = EchoModel.Config("rows", 0, ("A", "X", TensorDataType.Int32, [-1]), ("B", "Y", TensorDataType.Int32, [-1]));
        config = config with { Inputs = [config.Inputs[0] with { IsOptional = isOptional }, config.Inputs[1]], Outputs = [config.Outputs[0]] };
        await using var server = await KServeServer.StartAsync(new EchoModel(config));
        Assert.Equal(expected, (await PostAsync(server, "[1]")).Status);
    }

    [Fact]
    public async Task Rows_OverTheLimit_AreRefused()
    {
        await using var server = await KServeServer.StartAsync(new KServeHttpOptions { MaxInputSize = 200 }, EchoModel.Of("rows", TensorDataType.Fp64, -1));
        var (status, answer) = await PostAsync(server, $"[{string.Join(',', Enumerable.Repeat(1, 26))}]");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("200 bytes", Error(answer), StringComparison.Ordinal);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData("text/plain", "hello\n")]
    [InlineData("Text/Plain; charset=UTF-8", " h\u00e9 ")]
    [InlineData("text/plain;format=flowed;charset=\"us-ascii\"", "[1,2]")]
    [InlineData("text/plain", "{curly")]
    [InlineData("text/plain", "\0\u0001")]
    public async Task Text_IsOneElementByteForByte(string type, string text)
    {
        await using var server = await KServeServer.StartAsync(Batching(TensorDataType.Bytes, 1));
        var (status, answer) = await PostAsync(server, text, type);
        Assert.Equal(HttpStatusCode.OK, status);
        var output = JsonDocument.Parse(answer).RootElement.GetProperty("outputs")[0];
        Assert.Equal("[1,1]", output.GetProperty("shape").GetRawText());
        Assert.Equal(text, output.GetProperty("data")[0].GetString());
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData("""{"inputs":[{"name":"IN","datatype":"BYTES","shape":[1,1],"data":["x"]}]}""", "text/plain", HttpStatusCode.OK, "\"x\"")]
    [InlineData(""" { "inputs":5}""", "text/plain", HttpStatusCode.BadRequest, "Unable to parse 'inputs'")]
    [InlineData("\uFEFF{\"inputs\":5}", "text/plain", HttpStatusCode.BadRequest, "Unable to parse 'inputs'")]
    [InlineData("text", "application/json", HttpStatusCode.BadRequest, "expected an object")]
    [InlineData("text", "text/html", HttpStatusCode.BadRequest, "expected an object")]
    [InlineData("text", "text/plain; charset=iso-8859-1", HttpStatusCode.BadRequest, "character set")]
    [InlineData("", "text/plain", HttpStatusCode.BadRequest, "empty")]
    public async Task Text_OnlyWhatIsNoRequest(string body, string type, HttpStatusCode expected, string word)
    {
        await using var server = await KServeServer.StartAsync(Batching(TensorDataType.Bytes, 1));
        var (status, answer) = await PostAsync(server, body, type);
        Assert.Equal(expected, status);
        Assert.Contains(word, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_NoUtf8_IsRefused()
    {
        await using var server = await KServeServer.StartAsync(Batching(TensorDataType.Bytes, 1));
        using var content = new ByteArrayContent([0x80, 0x81]);
        content.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        using var response = await server.Client.PostAsync(new Uri(server.Address, "/v2/models/rows/infer"), content, Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Text_ForAModelOfOtherElements_IsReadAsJson()
    {
        await using var server = await KServeServer.StartAsync(Batching(TensorDataType.Fp32, 1), EchoModel.Of("pair", TensorDataType.Bytes, 2));
        var (status, answer) = await PostAsync(server, "[[1.5]]", "text/plain");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("1.5", answer, StringComparison.Ordinal);
        (status, answer) = await PostAsync(server, "one text", "text/plain", "pair");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("[2]", Error(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_OverTheLimit_IsRefused()
    {
        await using var server = await KServeServer.StartAsync(new KServeHttpOptions { MaxInputSize = 10 }, Batching(TensorDataType.Bytes, 1));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, "123456", "text/plain")).Status);
        var (status, answer) = await PostAsync(server, "1234567", "text/plain");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("--http-max-input-size", answer, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(server, "12345678901", "text/plain")).Status);
    }

    private static EchoModel Batching(TensorDataType type, long columns) => new(EchoModel.Config("rows", 8, ("IN", "OUT", type, [-1, columns])));

    private static string Error(string answer) => JsonDocument.Parse(answer).RootElement.GetProperty("error").GetString()!;

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(KServeServer server, string body, string? type = null, string model = "rows")
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        using var response = await server.Client.PostAsync(new Uri(server.Address, $"/v2/models/{model}/infer"), content, Cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }
}

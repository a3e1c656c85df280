using System.Net;
using System.Text;
using System.Text.Json;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.Errors;

/// <summary>
/// Wrong requests over HTTP: each gets its status and a sentence that names the tensor or field, what was expected and what came; then
/// the next good request is answered.
/// </summary>
[Collection(SampleServerCollection.Name)]
public sealed class WrongHttpRequestTests(SampleServer sample)
{
    private const string Infer = "/v2/models/add_sub/infer";
    private const string Row = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]";
    private const string Input0 = $$"""{"name":"INPUT0","datatype":"FP32","shape":[1,16],"data":{{Row}}}""";
    private const string Input1 = $$"""{"name":"INPUT1","datatype":"FP32","shape":[1,16],"data":{{Row}}}""";

    private static readonly WrongHttpRequest[] s_requests =
    [
        new("unknown model", "/v2/models/nothing/infer", Good(), 404, "nothing"),
        new("unknown version", "/v2/models/add_sub/versions/7/infer", Good(), 404, "add_sub", "7"),
        new("version that is no number", "/v2/models/add_sub/versions/one/infer", Good(), 404, "Not Found"),
        new("version that overflows", "/v2/models/add_sub/versions/99999999999999999999/infer", Good(), 400, "99999999999999999999"),
        new("unknown input", Infer, Inputs(Input0, Input1.Replace("INPUT1", "INPUT9", StringComparison.Ordinal)), 400, "INPUT9", "INPUT0", "INPUT1"),
        new("missing input", Infer, Inputs(Input0), 400, "INPUT1", "expected 2", "got 1"),
        new("no input", Infer, Inputs(), 400, "INPUT0", "INPUT1", "expected 2", "got 0"),
        new("duplicate input", Infer, Inputs(Input0, Input0), 400, "INPUT0", "already exists"),
        new("extra input", Infer, Inputs(Input0, Input1, Input1.Replace("INPUT1", "EXTRA", StringComparison.Ordinal)), 400, "EXTRA", "expected 2", "got 3"),
        new("unknown output", Infer, Body($"\"inputs\":[{Input0},{Input1}],\"outputs\":[{{\"name\":\"PRODUCT\"}}]"), 400, "PRODUCT", "OUTPUT0"),
        new("duplicate output", Infer, Body($"\"inputs\":[{Input0},{Input1}],\"outputs\":[{{\"name\":\"OUTPUT0\"}},{{\"name\":\"OUTPUT0\"}}]"), 400, "OUTPUT0", "already exists"),
        new("wrong type", Infer, Inputs(Input0.Replace("FP32", "INT64", StringComparison.Ordinal), Input1), 400, "INPUT0", "INT64", "FP32"),
        new("unknown type", Infer, Inputs(Input0.Replace("FP32", "FLOAT", StringComparison.Ordinal), Input1), 400, "INPUT0", "FLOAT"),
        new("type in lower case", Infer, Inputs(Input0.Replace("FP32", "fp32", StringComparison.Ordinal), Input1), 400, "INPUT0", "fp32"),
        new("wrong inner dimension", Infer, Inputs(Input0.Replace("[1,16]", "[1,8]", StringComparison.Ordinal).Replace(Row, "[1,2,3,4,5,6,7,8]", StringComparison.Ordinal), Input1), 400, "INPUT0", "[-1,16]", "[1,8]"),
        new("wrong rank", Infer, Inputs(Input0.Replace("[1,16]", "[16]", StringComparison.Ordinal), Input1), 400, "INPUT0", "[-1,16]", "[16]"),
        new("batch over the limit", "/v2/models/digits/infer", Body("\"inputs\":[{\"name\":\"image\",\"datatype\":\"FP32\",\"shape\":[65,1,8,8],\"data\":[" + string.Join(',', Enumerable.Repeat("0", 65 * 64)) + "]}]"), 400, "digits", "64", "65"),
        new("batch of nothing", Infer, Inputs(Input0.Replace("[1,16]", "[0,16]", StringComparison.Ordinal).Replace(Row, "[]", StringComparison.Ordinal), Input1.Replace("[1,16]", "[0,16]", StringComparison.Ordinal).Replace(Row, "[]", StringComparison.Ordinal)), 400, "INPUT0", "0"),
        new("inputs of different batches", Infer, Inputs(Input0, Input1.Replace("[1,16]", "[2,16]", StringComparison.Ordinal).Replace(Row, "[" + string.Join(',', Enumerable.Repeat("1", 32)) + "]", StringComparison.Ordinal)), 400, "INPUT1", "2", "1"),
        new("too few values", Infer, Inputs(Input0.Replace(Row, "[1,2,3]", StringComparison.Ordinal), Input1), 400, "INPUT0", "16", "3"),
        new("too many values", Infer, Inputs(Input0.Replace(Row, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", StringComparison.Ordinal), Input1), 400, "INPUT0", "16"),
        new("value of the wrong kind", Infer, Inputs(Input0.Replace("3,4", "\"3\",4", StringComparison.Ordinal), Input1), 400, "INPUT0"),
        new("value that is null", Infer, Inputs(Input0.Replace("3,4", "null,4", StringComparison.Ordinal), Input1), 400, "INPUT0"),
        new("no data", Infer, Inputs(Input0.Replace($",\"data\":{Row}", "", StringComparison.Ordinal), Input1), 400, "INPUT0", "data"),
        new("no shape", Infer, Inputs(Input0.Replace("\"shape\":[1,16],", "", StringComparison.Ordinal), Input1), 400, "shape"),
        new("no datatype", Infer, Inputs(Input0.Replace("\"datatype\":\"FP32\",", "", StringComparison.Ordinal), Input1), 400, "datatype"),
        new("no name", Infer, Inputs(Input0.Replace("\"name\":\"INPUT0\",", "", StringComparison.Ordinal), Input1), 400, "name"),
        new("negative dimension", Infer, Inputs(Input0.Replace("[1,16]", "[-1,16]", StringComparison.Ordinal), Input1), 400, "shape", "-1"),
        new("dimensions that overflow", Infer, Inputs(Input0.Replace("[1,16]", "[4611686018427387904,16]", StringComparison.Ordinal), Input1), 400, "INPUT0", "4611686018427387904"),
        new("dimension that is no integer", Infer, Inputs(Input0.Replace("[1,16]", "[1.5,16]", StringComparison.Ordinal), Input1), 400, "shape"),
        new("nine dimensions", Infer, Inputs(Input0.Replace("[1,16]", "[1,1,1,1,1,1,1,1,16]", StringComparison.Ordinal), Input1), 400, "INPUT0", "8"),
        new("huge shape without data", Infer, Inputs(Input0.Replace("[1,16]", "[1000000000,16]", StringComparison.Ordinal), Input1), 400, "INPUT0"),
        new("truncated JSON", Infer, Good()[..^5], 400),
        new("empty body", Infer, "", 400),
        new("JSON that is no object", Infer, "[1,2,3]", 400),
        new("word for JSON", Infer, "hello", 400),
        new("second document", Infer, Good() + "{}", 400),
        new("inputs that are no array", Infer, "{\"inputs\":{}}", 400, "inputs"),
        new("no inputs at all", Infer, "{}", 400, "inputs"),
        new("id that is no text", Infer, Body($"\"id\":5,\"inputs\":[{Input0},{Input1}]"), 400, "id"),
        new("deep nesting in data", Infer, Inputs(Input0.Replace(Row, new string('[', 50_000), StringComparison.Ordinal), Input1), 400),
        new("deep nesting in an unknown member", Infer, "{\"x\":" + new string('[', 250_000), 400),
        new("reserved parameter", Infer, Body($"\"parameters\":{{\"triton_x\":1}},\"inputs\":[{Input0},{Input1}]"), 400, "triton_"),
        new("bytes for JSON", Infer, "\u0001\u0002\u0003", 400),
    ];

    public static TheoryData<string> Names => [.. s_requests.Select(static request => request.Name)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task WrongRequest_IsRefusedByNameAndNumber(string name)
    {
        var request = s_requests.Single(candidate => candidate.Name == name);
        var (status, body) = await sample.Server.PostAsync(request.Path, request.Body);
        Assert.Equal((HttpStatusCode)request.Status, status);
        AssertError(body, request.Words);
        await AssertGoodRequestAsync();
    }

    public static TheoryData<string, int, string[]> WrongBinary => new()
    {
        // A change of the good request; the bytes that follow the header; words
        { "size:12", 76, ["INPUT0", "64", "12"] },
        { "size:68", 132, ["INPUT0", "64", "68"] },
        { "size:64", 100, ["INPUT1"] },
        { "size:64", 200, ["add_sub"] },
        { "size:-1", 128, ["binary_data_size"] },
        { "header:abc", 128, ["Inference-Header-Content-Length", "abc"] },
        { "header:-1", 128, ["-1"] },
        { "header:99999999", 128, ["99999999"] },
        { "both", 128, ["INPUT0"] },
    };

    [Theory]
    [MemberData(nameof(WrongBinary))]
    public async Task WrongBinaryRequest_IsRefusedByNameAndNumber(string change, int tail, string[] words)
    {
        var size = change.StartsWith("size:", StringComparison.Ordinal) ? change[5..] : "64";
        var both = change == "both" ? $",\"data\":{Row}" : "";
        var header = Encoding.UTF8.GetBytes(
            $"{{\"inputs\":[{{\"name\":\"INPUT0\",\"datatype\":\"FP32\",\"shape\":[1,16],\"parameters\":{{\"binary_data_size\":{size}}}{both}}},"
            + "{\"name\":\"INPUT1\",\"datatype\":\"FP32\",\"shape\":[1,16],\"parameters\":{\"binary_data_size\":64}}]}");
        using var content = new ByteArrayContent([.. header, .. new byte[tail]]);
        content.Headers.Add("Inference-Header-Content-Length", change.StartsWith("header:", StringComparison.Ordinal) ? change[7..] : $"{header.Length}");
        using var response = await sample.Server.Http.PostAsync(Infer, content, Token);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        AssertError(await response.Content.ReadAsStringAsync(Token), words);
        await AssertGoodRequestAsync();
    }

    [Theory]
    [InlineData("GET", "/v2/models/add_sub/infer", 405, "Method Not Allowed")]
    [InlineData("DELETE", "/v2/health/live", 405, "Method Not Allowed")]
    [InlineData("GET", "/v2/health/live/", 404, "Not Found")]
    [InlineData("GET", "/V2/health/live", 404, "Not Found")]
    [InlineData("GET", "/", 404, "Not Found")]
    [InlineData("GET", "/metrics", 404, "Not Found")]
    [InlineData("GET", "/v2/models/nothing", 404, "nothing")]
    [InlineData("GET", "/v2/models/add_sub/versions/9", 404, "9")]
    [InlineData("GET", "/v2/models/nothing/ready", 404, "nothing")]
    public async Task WrongPathOrMethod_IsRefused(string method, string path, int status, string words)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await sample.Server.Http.SendAsync(request, Token);
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        AssertError(await response.Content.ReadAsStringAsync(Token), [words]);
    }

    private static void AssertError(string body, string[] words)
    {
        using var document = JsonDocument.Parse(body);
        var error = document.RootElement.GetProperty("error").GetString()!;
        Assert.NotEmpty(error);
        Assert.All(words, word => Assert.Contains(word, error, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("/work", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private static string Good() => Inputs(Input0, Input1);

    private static string Inputs(params string[] inputs) => Body($"\"inputs\":[{string.Join(',', inputs)}]");

    private static string Body(string members) => $"{{{members}}}";

    private async Task AssertGoodRequestAsync()
    {
        var question = new Question("add_sub", QuestionInput.Floats("INPUT0", [1, 16], new float[16]), QuestionInput.Floats("INPUT1", [1, 16], new float[16]));
        (await sample.Server.Over(Encodings.Json).AskAsync(question, Token)).MustSucceed();
    }
}

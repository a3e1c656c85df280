using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Statistics;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Statistics;

public sealed class HttpStatisticsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Write_FullReport_HasEveryNumberInItsPlace()
    {
        var output = new ArrayBufferWriter<byte>();
        StatisticsJsonWriter.Write(output, [Reports.Full, new("b", 1)]);

        Assert.Equal(
            """
            {"model_stats":[{"name":"echo \"1\"","version":"3","last_inference":1700000000123,"inference_count":2,"execution_count":3,
            "inference_stats":{"success":{"count":4,"ns":500},"fail":{"count":6,"ns":700},"queue":{"count":8,"ns":900},"compute_input":{"count":10,"ns":1100},
            "compute_infer":{"count":12,"ns":1300},"compute_output":{"count":14,"ns":1500},"cache_hit":{"count":16,"ns":1700},"cache_miss":{"count":18,"ns":1900}},
            "response_stats":{"0":{"compute_infer":{"count":34,"ns":3500},"compute_output":{"count":36,"ns":3700},"success":{"count":38,"ns":3900},
            "fail":{"count":40,"ns":4100},"empty_response":{"count":42,"ns":4300},"cancel":{"count":44,"ns":4500}},
            "1":{"compute_infer":{"count":46,"ns":4700},"compute_output":{"count":0,"ns":0},"success":{"count":0,"ns":0},
            "fail":{"count":0,"ns":0},"empty_response":{"count":0,"ns":0},"cancel":{"count":0,"ns":0}}},
            "batch_stats":[{"batch_size":20,"compute_input":{"count":21,"ns":2200},"compute_infer":{"count":23,"ns":2400},"compute_output":{"count":25,"ns":2600}},
            {"batch_size":27,"compute_input":{"count":28,"ns":2900},"compute_infer":{"count":30,"ns":3100},"compute_output":{"count":32,"ns":3300}}],
            "memory_usage":[{"type":"CPU","id":0,"byte_size":48},{"type":"CPU_PINNED","id":1,"byte_size":49},{"type":"GPU","id":2,"byte_size":50}]},
            {"name":"b","version":"1","last_inference":0,"inference_count":0,"execution_count":0,
            "inference_stats":{"success":{"count":0,"ns":0},"fail":{"count":0,"ns":0},"queue":{"count":0,"ns":0},"compute_input":{"count":0,"ns":0},
            "compute_infer":{"count":0,"ns":0},"compute_output":{"count":0,"ns":0},"cache_hit":{"count":0,"ns":0},"cache_miss":{"count":0,"ns":0}},
            "response_stats":{},"batch_stats":[],"memory_usage":[]}]}
            """.ReplaceLineEndings(""),
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData("/v2/models/stats", "a 1, echo 1, stats 1")]
    [InlineData("/v2/models/echo/stats", "echo 1")]
    [InlineData("/v2/models/echo/versions/1/stats", "echo 1")]
    [InlineData("/v2/models/stats/stats", "stats 1")]
    [InlineData("/v2/models/stats/versions/1/stats", "stats 1")]
    public async Task Get_Route_ShowsTheVersionsThatItMeans(string path, string expected)
    {
        await using var server = await StartAsync();

        using var response = await server.Client.GetAsync(new Uri(path, UriKind.Relative), Token);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token));
        Assert.Equal(expected, string.Join(", ", json.RootElement.GetProperty("model_stats").EnumerateArray().Select(static model => $"{model.GetProperty("name")} {model.GetProperty("version")}")));
    }

    [Theory]
    [InlineData("GET", "/v2/models/nothing/stats", 400, "requested model 'nothing' is not available")]
    [InlineData("GET", "/v2/models/echo/versions/7/stats", 400, "requested model version is not available for model 'echo': expected one of 1, got 7")]
    [InlineData("GET", "/v2/models/echo/versions/99/stats", 400, "requested model version is not available for model 'echo': expected one of 1, got 99")]
    [InlineData("GET", "/v2/models/echo/versions/one/stats", 404, "Not Found")]
    [InlineData("POST", "/v2/models/stats", 405, "Method Not Allowed")]
    [InlineData("POST", "/v2/models/echo/stats", 405, "Method Not Allowed")]
    [InlineData("GET", "/v2/models/stats/", 404, "Not Found")]
    [InlineData("GET", "/v2/models/echo/Stats", 404, "Not Found")]
    public async Task Request_ThatCannotBeAnswered_SaysWhy(string method, string path, int status, string error)
    {
        await using var server = await StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));

        using var response = await server.Client.SendAsync(request, Token);

        Assert.Equal(status, (int)response.StatusCode);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token));
        Assert.Equal(error, json.RootElement.GetProperty("error").GetString());
    }

    [Fact]
    public async Task Get_ModelWhoseNameDiffersInCase_IsThatModelsMetadata()
    {
        await using var server = await KServeServer.StartAsync(EchoModel.Of("STATS", TensorDataType.Int32, -1));

        using var response = await server.Client.GetAsync(new Uri("/v2/models/STATS", UriKind.Relative), Token);

        Assert.Contains("\"name\":\"STATS\",\"versions\"", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private static Task<KServeServer> StartAsync() => KServeServer.StartAsync(
        EchoModel.Of("echo", TensorDataType.Int32, -1), EchoModel.Of("stats", TensorDataType.Int32, -1), EchoModel.Of("a", TensorDataType.Int32, -1));
}

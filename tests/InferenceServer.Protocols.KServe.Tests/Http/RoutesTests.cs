using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using InferenceServer.Abstractions.Tensors;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

public class RoutesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/v2/health/live", 200)]
    [InlineData("GET", "/v2/health/live?x=1&y=2", 200)]
    [InlineData("GET", "/v2/health/ready", 200)]
    [InlineData("GET", "/v2", 200)]
    [InlineData("GET", "/v2/models/echo", 200)]
    [InlineData("GET", "/v2/models/%65cho", 200)]
    [InlineData("GET", "/v2/models/na%C3%AFve%20name", 200)]
    [InlineData("GET", "/v2/models/echo/versions/1", 200)]
    [InlineData("GET", "/v2/models/echo/ready", 200)]
    [InlineData("GET", "/v2/models/echo/versions/1/ready", 200)]
    [InlineData("GET", "/", 404, "Not Found")]
    [InlineData("GET", "/v1/models", 404, "Not Found")]
    [InlineData("GET", "/V2/health/live", 404, "Not Found")]
    [InlineData("GET", "/v2/Health/live", 404, "Not Found")]
    [InlineData("GET", "/v2/health/live/", 404, "Not Found")]
    [InlineData("GET", "/v2/", 404, "Not Found")]
    [InlineData("GET", "/v2/models", 404, "Not Found")]
    [InlineData("GET", "/v2/models/", 404, "Not Found")]
    [InlineData("GET", "/v2/models/echo/", 404, "Not Found")]
    [InlineData("GET", "/v2/models//ready", 404, "Not Found")]
    [InlineData("GET", "/v2/models/echo/READY", 404, "Not Found")]
    [InlineData("GET", "/v2/models/echo/versions/one", 404, "Not Found")]
    [InlineData("GET", "/v2/models/echo/versions/-1", 404, "Not Found")]
    [InlineData("GET", "/v2/models/echo/versions", 404, "Not Found")]
    [InlineData("GET", "/v2/models/ECHO", 404, "'ECHO' is not found")]
    [InlineData("GET", "/v2/models/echo/versions/9", 404, "version 9")]
    [InlineData("GET", "/v2/models/echo/versions/99", 503, "not at ready state")]
    [InlineData("GET", "/v2/models/echo/versions/99/ready", 503, "not at ready state")]
    [InlineData("GET", "/v2/models/echo/versions/0/ready", 404, "version 0")]
    [InlineData("GET", "/v2/models/echo/versions/99999999999999999999/ready", 400, "99999999999999999999")]
    [InlineData("GET", "/v2/models/nothing/ready", 404, "'nothing'")]
    [InlineData("POST", "/v2/models/nothing/infer", 404, "'nothing'")]
    [InlineData("POST", "/v2/models/echo/infer/", 404, "Not Found")]
    [InlineData("POST", "/v2/models/echo/versions/x/infer", 404, "Not Found")]
    [InlineData("GET", "/v2/models/echo/infer", 405, "Method Not Allowed", "POST")]
    [InlineData("POST", "/v2/health/live", 405, "Method Not Allowed", "GET")]
    [InlineData("POST", "/v2", 405, "Method Not Allowed", "GET")]
    [InlineData("PUT", "/v2", 405, "Method Not Allowed", "GET")]
    [InlineData("DELETE", "/v2/models/echo", 405, "Method Not Allowed", "GET")]
    [InlineData("OPTIONS", "/v2/models/echo/ready", 405, "Method Not Allowed", "GET")]
    [InlineData("HEAD", "/v2/health/ready", 405, "", "GET")]
    public async Task Path_Is_AnsweredWith(string method, string path, int status, string error = "", string? allow = null)
    {
        await using var server = await KServeServer.StartAsync(EchoModel.Of("echo", TensorDataType.Int32, -1), EchoModel.Of("naïve name", TensorDataType.Int32, -1));
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(server.Address, path));
        using var response = await server.Client.SendAsync(request, Cancellation);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(allow, response.Content.Headers.Allow.SingleOrDefault());
        Assert.Equal(status == 503, response.Headers.RetryAfter is not null);
        if (error.Length > 0)
        {
            Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
            var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
            Assert.Contains(error, body.GetProperty("error").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Health_NotReadyOrStopping_SaysSo()
    {
        await using var server = await KServeServer.StartAsync();
        server.Control.IsReady = false;
        server.Control.IsLive = false;
        Assert.Equal((HttpStatusCode.BadRequest, ""), await GetAsync("/v2/health/ready"));
        Assert.Equal((HttpStatusCode.BadRequest, ""), await GetAsync("/v2/health/live"));
        server.Control.IsStopping = true;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"error":"Server exiting"}"""), await GetAsync("/v2/health/ready"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"error":"Server exiting"}"""), await GetAsync("/v2/health/live"));

        async Task<(HttpStatusCode, string)> GetAsync(string path)
        {
            using var response = await server.Client.GetAsync(new Uri(server.Address, path), Cancellation);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
        }
    }

    [Fact]
    public async Task Readiness_ComesWhileTheQuestionIsHeldUp_IsSeen()
    {
        await using var server = await KServeServer.StartAsync();
        server.Control.IsReady = false;
        server.Control.DuringProbeHold = () => server.Control.IsReady = true;
        using var ready = await server.Client.GetAsync(new Uri(server.Address, "/v2/health/ready"), Cancellation);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);

        var later = EchoModel.Of("later", TensorDataType.Int32, -1);
        server.Control.DuringProbeHold = () => server.Publish(later);
        using var model = await server.Client.GetAsync(new Uri(server.Address, "/v2/models/later/ready"), Cancellation);
        Assert.Equal(HttpStatusCode.OK, model.StatusCode);
    }

    [Fact]
    public async Task Metadata_OfServerAndModel_IsComplete()
    {
        var config = EchoModel.Config("two", 8, ("A", "X", TensorDataType.Fp32, [-1, 4]), ("B", "Y", TensorDataType.Bytes, [-1, -1]));
        await using var server = await KServeServer.StartAsync(new EchoModel(config), new EchoModel(config with { Platform = "onnxruntime_onnx" }, 12));
        Assert.Equal(
            $$"""{"name":"test \"server\"","version":"1.2.3","extensions":["{{string.Join("\",\"", ServerExtensions.Names)}}"]}""",
            await server.Client.GetStringAsync(new Uri(server.Address, "/v2"), Cancellation));
        var tensors = """
            "inputs":[{"name":"A","datatype":"FP32","shape":[-1,4]},{"name":"B","datatype":"BYTES","shape":[-1,-1]}],"outputs":[{"name":"X","datatype":"FP32","shape":[-1,4]},{"name":"Y","datatype":"BYTES","shape":[-1,-1]}]}
            """.Trim();
        Assert.Equal("""{"name":"two","versions":["1","12"],"platform":"onnxruntime_onnx",""" + tensors, await server.Client.GetStringAsync(new Uri(server.Address, "/v2/models/two"), Cancellation));
        Assert.Equal("""{"name":"two","versions":["1"],"platform":"echo",""" + tensors, await server.Client.GetStringAsync(new Uri(server.Address, "/v2/models/two/versions/1"), Cancellation));
    }
}

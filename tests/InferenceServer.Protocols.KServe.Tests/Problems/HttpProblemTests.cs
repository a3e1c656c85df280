using System.Net;
using System.Text.Json;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Problems;

public sealed class HttpProblemTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Error_DetailsWanted_HasEveryMemberThatIsKnown()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        model.Scheduler.Refusal = new InferenceError(ErrorCode.InvalidArgument, "wrong") { Subject = "IN", Expected = "[1]", Actual = "[2]" };
        await using var server = await KServeServer.StartAsync(model);

        var body = await AskAsync(server, HttpMethod.Post, "/v2/models/echo/versions/1/infer", """{"id":"my id","inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[4]}]}""");

        Assert.Equal(
            """{"error":"wrong","type":"urn:inference-server:error:invalid_argument","title":"Invalid argument","status":400,"detail":"wrong","instance":"/v2/models/echo/versions/1/infer","request_id":"my id","code":"invalid_argument","subject":"IN","expected":"[1]","got":"[2]"}""",
            body);
    }

    [Theory]
    [InlineData("GET", "/v2/na%C3%AFve", HttpStatusCode.NotFound, "Not Found", "Not Found", "/v2/na%C3%AFve")]
    [InlineData("DELETE", "/v2", HttpStatusCode.MethodNotAllowed, "Method Not Allowed", "Method Not Allowed", "/v2")]
    public async Task Error_ThatIsTheStatusAlone_HasNoTypeOfItsOwn(string method, string path, HttpStatusCode status, string title, string detail, string instance)
    {
        await using var server = await KServeServer.StartAsync();

        var body = JsonDocument.Parse(await AskAsync(server, new HttpMethod(method), path)).RootElement;

        Assert.Equal(["error", "type", "title", "status", "detail", "instance"], body.EnumerateObject().Select(static member => member.Name));
        Assert.Equal("about:blank", body.GetProperty("type").GetString());
        Assert.Equal(title, body.GetProperty("title").GetString());
        Assert.Equal((int)status, body.GetProperty("status").GetInt32());
        Assert.Equal(detail, body.GetProperty("detail").GetString());
        Assert.Equal(instance, body.GetProperty("instance").GetString());
    }

    [Fact]
    public async Task Error_OfAnyLength_IsCutInEveryMember()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        var text = new string('x', 100_000);
        model.Scheduler.Refusal = new InferenceError(ErrorCode.InvalidArgument, text) { Subject = text, Expected = text, Actual = text };
        await using var server = await KServeServer.StartAsync(model);

        var body = JsonDocument.Parse(await AskAsync(server, HttpMethod.Post, "/v2/models/echo/infer", """{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[4]}]}""")).RootElement;

        Assert.All(["error", "detail", "subject", "expected", "got"], name => Assert.Equal(4097, body.GetProperty(name).GetString()!.Length));
    }

    [Fact]
    public async Task Error_OnAPathBeyondAllMeasure_LeavesThePathOut()
    {
        await using var server = await KServeServer.StartAsync();
        var body = JsonDocument.Parse(await AskAsync(server, HttpMethod.Get, "/v2/models/" + new string('a', 3000))).RootElement;
        Assert.False(body.TryGetProperty("instance", out _));
        Assert.Equal("not_found", body.GetProperty("code").GetString());
    }

    private static async Task<string> AskAsync(KServeServer server, HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(server.Address, path)) { Content = json is null ? null : new StringContent(json) };
        request.Headers.Accept.ParseAdd("application/problem+json");
        using var response = await server.Client.SendAsync(request, Cancellation);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        return await response.Content.ReadAsStringAsync(Cancellation);
    }
}

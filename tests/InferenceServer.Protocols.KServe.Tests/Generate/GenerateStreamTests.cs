using System.Net;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Scheduling;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Generate;

public sealed class GenerateStreamTests
{
    private const string EventType = "text/event-stream; charset=utf-8";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task Stream_DecoupledModel_SendsAnEventForEachResponse(int responses)
    {
        await using var server = await KServeServer.StartAsync(Decoupled.Model(responses));
        using var response = await PostAsync(server, """{"IN":7,"id":"s"}""");
        Assert.Equal((HttpStatusCode.OK, EventType), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        const string Event = """data: {"OUT":7,"id":"s","model_name":"decoupled","model_version":"1"}""" + "\n\n";
        Assert.Equal(string.Concat(Enumerable.Repeat(Event, responses)), await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Stream_OrdinaryModel_SendsOneEvent()
    {
        await using var server = await KServeServer.StartAsync(EchoModel.Of("echo", TensorDataType.Bytes, -1));
        using var response = await PostAsync(server, """{"IN":["one\n\nline","two"]}""");
        Assert.Equal(EventType, response.Content.Headers.ContentType?.ToString());
        Assert.Equal("""data: {"OUT":["one\n\nline","two"],"model_name":"echo","model_version":"1"}""" + "\n\n", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Stream_EachResponse_LeavesAtOnce()
    {
        var gate = new TaskCompletionSource();
        var model = Decoupled.Model(1);
        var first = model.Scheduler.Script!;
        model.Scheduler.Script = async pending =>
        {
            var input = pending.Request.Inputs[0];
            Assert.Null(pending.Stream!.Write(pending.Request, new("", pending.Request.Lease.Share(), [new TensorView("OUT", input.DataType, input.Shape, input.Buffer.Acquire())], null, isFinal: false), Cancellation));
            await gate.Task;
            await first(pending);
        };
        await using var server = await KServeServer.StartAsync(model);
        using var response = await PostAsync(server, """{"IN":7}""");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        Assert.StartsWith("data: {", await reader.ReadLineAsync(Cancellation), StringComparison.Ordinal);
        Assert.Empty((await reader.ReadLineAsync(Cancellation))!);

        // The model goes on only now that its first response has been read.
        gate.SetResult();
        Assert.StartsWith("data: {", await reader.ReadLineAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal("\n", await reader.ReadToEndAsync(Cancellation));
    }

    [Theory]
    [InlineData(ErrorCode.Internal, HttpStatusCode.InternalServerError)]
    [InlineData(ErrorCode.InvalidArgument, HttpStatusCode.BadRequest)]
    [InlineData(ErrorCode.Unavailable, HttpStatusCode.ServiceUnavailable)]
    public async Task Stream_ErrorInPlaceOfTheFirstResponse_IsAnEventAndTheStatus(ErrorCode code, HttpStatusCode status)
    {
        await using var server = await KServeServer.StartAsync(Decoupled.Model(0, new InferenceError(code, "it \"broke\"")));
        using var response = await PostAsync(server, """{"IN":7}""");
        Assert.Equal((status, EventType), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        Assert.Equal("""data: {"error":"it \"broke\""}""" + "\n\n", await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(code == ErrorCode.Unavailable, response.Headers.RetryAfter is not null);
    }

    [Fact]
    public async Task Stream_LaterError_IsTheLastEvent()
    {
        await using var server = await KServeServer.StartAsync(Decoupled.Model(2, new InferenceError(ErrorCode.Internal, "it broke")));
        using var response = await PostAsync(server, """{"IN":7}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var events = (await response.Content.ReadAsStringAsync(Cancellation)).Split("\n\n");
        Assert.Equal(4, events.Length);
        Assert.Equal("""data: {"error":"it broke"}""", events[2]);
    }

    [Fact]
    public async Task Stream_ClientThatHasGone_CancelsItsRequest()
    {
        var model = Decoupled.Model(int.MaxValue);
        await using var server = await KServeServer.StartAsync(model);
        using (var response = await PostAsync(server, """{"IN":7}"""))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
            Assert.StartsWith("data: {", await reader.ReadLineAsync(Cancellation), StringComparison.Ordinal);
        }

        await model.Scheduler.Abandoned.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await model.Served.UnloadAsync().WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Stream_ClientThatDoesNotRead_HoldsTheModelUpUntilItIsGivenUp()
    {
        // Each response is larger than what the sockets' buffers take.
        var text = new string('x', 24 << 20);
        var model = Decoupled.Model(50, type: TensorDataType.Bytes);
        var ended = new TaskCompletionSource();
        var script = model.Scheduler.Script!;
        model.Scheduler.Script = async pending =>
        {
            await script(pending);
            ended.SetResult();
        };
        var scheduling = new SchedulerOptions { MaxUnreadResponses = 2, ReaderPatience = TimeSpan.FromMilliseconds(100) };
        await using var server = await KServeServer.StartAsync(new KServeHttpOptions(), scheduling, model);
        using var response = await PostAsync(server, $"{{\"IN\":\"{text}\"}}");

        // Nothing is read until the model has given up: what it could hand over is what is being sent, and what waits.
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.InRange(model.Scheduler.Sent, 2, 4);
        var body = await response.Content.ReadAsStringAsync(Cancellation);
        var events = body.Split("\n\n");
        Assert.Equal(model.Scheduler.Sent + 2, events.Length);
        Assert.Contains("not read", events[^2], StringComparison.Ordinal);
        Assert.Equal(0, server.Allocator.Rented);
    }

    private static async Task<HttpResponseMessage> PostAsync(KServeServer server, string body)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, $"/v2/models/{server.Models[0]}/generate_stream")) { Content = content };
        return await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }
}

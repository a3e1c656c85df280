using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Http;

public class InferTests
{
    private const string One = """{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[4]}]}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_Json_AnswersJson()
    {
        await using var server = await KServeServer.StartAsync();
        using var response = await PostAsync(server, """{"id":"r\u00e9-1","inputs":[{"name":"IN","datatype":"INT32","shape":[3],"data":[1,-2,3]}],"outputs":[{"name":"OUT"}]}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.NotNull(response.Content.Headers.ContentLength);
        Assert.Equal(
            """{"id":"ré-1","model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"INT32","shape":[3],"data":[1,-2,3]}]}""",
            await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(5_000_000)]
    public async Task Infer_Binary_GoesThroughUnchanged(int elements)
    {
        await using var server = await KServeServer.StartAsync();
        var tail = new byte[elements * 4];
        new Random(elements).NextBytes(tail);
        var header = $$$"""{"inputs":[{"name":"IN","datatype":"INT32","shape":[{{{elements}}}],"parameters":{"binary_data_size":{{{tail.Length}}}}}],"parameters":{"binary_data_output":true}}""";
        using var response = await PostAsync(server, header, tail);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.ToString());
        var body = await response.Content.ReadAsByteArrayAsync(Cancellation);
        var length = int.Parse(response.Headers.GetValues("Inference-Header-Content-Length").Single(), CultureInfo.InvariantCulture);
        Assert.Equal(
            $$$"""{"model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"INT32","shape":[{{{elements}}}],"parameters":{"binary_data_size":{{{tail.Length}}}}}]}""",
            Encoding.UTF8.GetString(body, 0, length));
        Assert.Equal(tail, body[length..]);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(300_000)]
    public async Task Infer_LongJson_ComesBackWhole(int elements)
    {
        await using var server = await KServeServer.StartAsync();
        var data = string.Join(",", Enumerable.Range(0, elements).Select(static i => (i * 7919) - 1_000_000));
        using var response = await PostAsync(server, $$"""{"inputs":[{"data":[{{data}}],"name":"IN","datatype":"INT32","shape":[{{elements}}]}]}""");
        Assert.Equal(
            $$"""{"model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"INT32","shape":[{{elements}}],"data":[{{data}}]}]}""",
            await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_LongAnswerWithoutMemoryForIt_SaysSo()
    {
        await using var server = await KServeServer.StartAsync();
        var rents = 0;
        server.Allocator.Renting = () => rents++;
        var message = $$"""{"id":"7","inputs":[{"data":[{{string.Join(",", Enumerable.Repeat("123456789", 50_000))}}],"name":"IN","datatype":"INT32","shape":[50000]}]}""";
        using (var response = await PostAsync(server, message))
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        // The last one of all that such a request takes is a piece of its answer's text.
        var last = rents;
        rents = 0;
        server.Allocator.Renting = () =>
        {
            if (++rents == last)
            {
                throw new BackendException(ErrorCode.ResourceExhausted, "there is no memory for a tensor now");
            }
        };
        using (var response = await PostAsync(server, message))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
            Assert.Contains("no memory", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }

        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_EmptyBinaryOutput_IsJson()
    {
        await using var server = await KServeServer.StartAsync();
        using var response = await PostAsync(server, """{"inputs":[{"name":"IN","datatype":"INT32","shape":[0],"data":[]}],"outputs":[{"name":"OUT","parameters":{"binary_data":true}}]}""");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.False(response.Headers.Contains("Inference-Header-Content-Length"));
        Assert.EndsWith("\"shape\":[0],\"parameters\":{\"binary_data_size\":0}}]}", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_TwoOutputs_EachAsAskedFor()
    {
        var config = EchoModel.Config("two", 8, ("A", "X", TensorDataType.UInt8, [-1, 2]), ("B", "Y", TensorDataType.Bytes, [-1, 1]));
        await using var server = await KServeServer.StartAsync(new EchoModel(config));
        var inputs = """ "inputs":[{"name":"B","datatype":"BYTES","shape":[1,1],"data":["q\""]},{"name":"A","datatype":"UINT8","shape":[1,2],"data":[[1,2]]}] """;
        using var response = await PostAsync(server, "{" + inputs + ""","outputs":[{"name":"Y","parameters":{"binary_data":false}},{"name":"X","parameters":{"binary_data":true}}],"parameters":{"binary_data_output":true}}""", null, "/v2/models/two/infer");
        Assert.Equal(
            """{"model_name":"two","model_version":"1","outputs":[{"name":"Y","datatype":"BYTES","shape":[1,1],"data":["q\""]},{"name":"X","datatype":"UINT8","shape":[1,2],"parameters":{"binary_data_size":2}}]}""" + "\u0001\u0002",
            await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_Chunked_IsRead()
    {
        await using var server = await KServeServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, "/v2/models/echo/versions/1/infer"));
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(One));
        request.Headers.TransferEncodingChunked = true;
        using var response = await server.Client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(ErrorCode.NotFound, 404, false)]
    [InlineData(ErrorCode.InvalidArgument, 400, false)]
    [InlineData(ErrorCode.AlreadyExists, 400, false)]
    [InlineData(ErrorCode.Unsupported, 501, false)]
    [InlineData(ErrorCode.Unavailable, 503, true)]
    [InlineData(ErrorCode.ResourceExhausted, 429, true)]
    [InlineData(ErrorCode.DeadlineExceeded, 504, false)]
    [InlineData(ErrorCode.Cancelled, 499, false)]
    [InlineData(ErrorCode.PermissionDenied, 403, false)]
    [InlineData(ErrorCode.Internal, 500, false)]
    public async Task Infer_Refused_HasTheStatusOfTheCode(ErrorCode code, int status, bool hasRetryAfter)
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        model.Scheduler.Refusal = new InferenceError(code, "why \"so\"") { Subject = "s", Actual = "a" };
        await using var server = await KServeServer.StartAsync(model);
        using (var plain = await PostAsync(server, One))
        {
            Assert.Equal(status, (int)plain.StatusCode);
            Assert.Equal("application/json", plain.Content.Headers.ContentType?.ToString());
            Assert.Equal("""{"error":"why \"so\""}""", await plain.Content.ReadAsStringAsync(Cancellation));
        }

        server.Client.DefaultRequestHeaders.Accept.ParseAdd("application/problem+json");
        using var response = await PostAsync(server, One);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(hasRetryAfter, response.Headers.RetryAfter?.ToString() == "1");
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation)).RootElement;
        Assert.Equal(["error", "type", "title", "status", "detail", "instance", "code", "subject", "got"], body.EnumerateObject().Select(static member => member.Name));
        Assert.Equal(status, body.GetProperty("status").GetInt32());
        Assert.Equal("why \"so\"", body.GetProperty("error").GetString());
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_WrongSize_IsTheEnginesToRefuse()
    {
        await using var server = await KServeServer.StartAsync();
        using var response = await PostAsync(server, """{"inputs":[{"name":"IN","datatype":"INT32","shape":[2],"parameters":{"binary_data_size":5}}]}""", new byte[5]);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("Expected 8, got 5", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_BodyBeyondTheLimit_IsRefusedAtOnce()
    {
        await using var server = await KServeServer.StartAsync(new KServeHttpOptions { MaxRequestBytes = 1000 });
        using var response = await PostAsync(server, new string(' ', 1001));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(0, server.Allocator.Largest);
    }

    [Fact]
    public async Task Infer_Parameters_ReachTheModel()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        await using var server = await KServeServer.StartAsync(model);
        using var response = await PostAsync(server, """{"parameters":{"sequence_id":"abc","priority":2,"mine":1.5},""" + One[1..]);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["sequence_id", "priority", "mine"], model.Scheduler.LastParameters.Keys);
    }

    [Fact]
    public async Task Infer_ClientGone_CancelsTheRequest()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        var gate = new TaskCompletionSource();
        model.Scheduler.Gate = gate.Task;
        await using var server = await KServeServer.StartAsync(model);
        using (var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancellation))
        {
            using var content = new StringContent(One);
            var posting = server.Client.PostAsync(new Uri(server.Address, "/v2/models/echo/infer"), content, impatient.Token);
            await model.Scheduler.Accepted.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => posting);
        }

        await model.Scheduler.Abandoned.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        gate.SetResult();
        await model.Served.UnloadAsync().WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task Answer_SaysHowLongItIs(string binary)
    {
        await using var server = await KServeServer.StartAsync(EchoModel.Of("echo", TensorDataType.Int32, -1));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, "/v2/models/echo/infer"))
        {
            Content = new StringContent($$$"""{"inputs":[{"name":"IN","datatype":"INT32","shape":[3],"data":[1,2,3]}],"outputs":[{"name":"OUT","parameters":{"binary_data":{{{binary}}}}}]}"""),
        };
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.NotEqual(true, response.Headers.TransferEncodingChunked);
        var length = response.Content.Headers.ContentLength;
        Assert.Equal(length, (await response.Content.ReadAsByteArrayAsync(Cancellation)).Length);
    }

    [Theory]
    [InlineData("/v2/models/echo/infer", 1 << 20, 413)]
    [InlineData("/v2/models/nothing/infer", 1 << 20, 413)]
    [InlineData("/v2/models/nothing/infer", 1 << 30, 404)]
    [InlineData("/v2/models/echo/infer", 1 << 30, 400)]
    public async Task Infer_LargeBodyRefusedEarly_StillGetsItsAnswer(string path, long limit, int status)
    {
        await using var server = await KServeServer.StartAsync(new KServeHttpOptions { MaxRequestBytes = limit });
        using var response = await PostAsync(server, "{}", new byte[40 << 20], path);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(0, server.Allocator.Largest);
    }

    [Fact]
    public async Task Infer_ConnectionLostInTheBody_GivesEverythingBack()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        await using var server = await KServeServer.StartAsync(model);
        var header = """{"inputs":[{"name":"IN","datatype":"INT32","shape":[100],"parameters":{"binary_data_size":400}}]}""";
        using (var client = new System.Net.Sockets.TcpClient())
        {
            await client.ConnectAsync(server.Address.Host, server.Address.Port, Cancellation);
            var stream = client.GetStream();
            var head = $"POST /v2/models/echo/infer HTTP/1.1\r\nHost: x\r\nContent-Length: {header.Length + 400}\r\nInference-Header-Content-Length: {header.Length}\r\n\r\n{header}1234";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), Cancellation);
            while (server.Allocator.Rented == 0)
            {
                await Task.Yield();
                Cancellation.ThrowIfCancellationRequested();
            }
        }

        await model.Served.UnloadAsync().WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        while (server.Allocator.Rented > 0)
        {
            await Task.Yield();
            Cancellation.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task Infer_Lease_IsGivenBackHoweverItEnds()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        await using var server = await KServeServer.StartAsync(model);
        foreach (var body in (string[])[One, "", "{", """{"inputs":[]}""", """{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[4]},5]}"""])
        {
            using var response = await PostAsync(server, body);
        }

        await model.Served.UnloadAsync().WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.Equal(0, server.Allocator.Rented);
    }

    private static async Task<HttpResponseMessage> PostAsync(KServeServer server, string json, byte[]? tail = null, string path = "/v2/models/echo/infer")
    {
        var text = Encoding.UTF8.GetBytes(json);
        using var content = new ByteArrayContent([.. text, .. tail ?? []]);
        if (tail is not null)
        {
            content.Headers.Add("Inference-Header-Content-Length", text.Length.ToString(CultureInfo.InvariantCulture));
        }

        return await server.Client.PostAsync(new Uri(server.Address, path), content, Cancellation);
    }
}

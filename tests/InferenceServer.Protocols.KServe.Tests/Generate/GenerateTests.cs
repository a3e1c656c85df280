using System.Net;
using System.Text;
using System.Text.Json;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Generate;

public sealed class GenerateTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"IN":5}""", """{"OUT":5,"model_name":"echo","model_version":"1"}""")]
    [InlineData("""{"IN":[5]}""", """{"OUT":5,"model_name":"echo","model_version":"1"}""")]
    [InlineData("""{"IN":[[1],[-2],[3]]}""", """{"OUT":[1,-2,3],"model_name":"echo","model_version":"1"}""")]
    [InlineData("""{"IN":[]}""", """{"OUT":[],"model_name":"echo","model_version":"1"}""")]
    [InlineData(""" { "id" : "a\"b" , "IN" : [ 1 , 2 ] } """, """{"OUT":[1,2],"id":"a\"b","model_name":"echo","model_version":"1"}""")]
    [InlineData("""{"parameters":{"IN":[7],"id":"no id"},"id":"x"}""", """{"OUT":7,"id":"x","model_name":"echo","model_version":"1"}""")]
    [InlineData("""{"id":"","IN":1}""", """{"OUT":1,"model_name":"echo","model_version":"1"}""")]
    public async Task Generate_Values_AreAnsweredFlatAndInTheOrderOfTheNames(string body, string expected)
    {
        await using var server = await KServeServer.StartAsync();
        var (status, type, answer) = await PostAsync(server, body);
        Assert.Equal((HttpStatusCode.OK, expected), (status, answer));
        Assert.Equal("application/json", type);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData(TensorDataType.Bool, "[true,false]")]
    [InlineData(TensorDataType.UInt64, "[0,18446744073709551615]")]
    [InlineData(TensorDataType.Int8, "[-128,127]")]
    [InlineData(TensorDataType.Fp16, "[0.5,65504.0]")]
    [InlineData(TensorDataType.Bf16, "[0.5,-2.0]")]
    [InlineData(TensorDataType.Fp32, "[0.1,NaN]")]
    [InlineData(TensorDataType.Fp64, "[0.1,-Infinity]")]
    [InlineData(TensorDataType.Bytes, """["\u00e9","two\nlines"]""")]
    public async Task Generate_EveryType_ComesBack(TensorDataType type, string values)
    {
        await using var server = await KServeServer.StartAsync(EchoModel.Of("echo", type, -1));
        var (status, _, answer) = await PostAsync(server, $"{{\"IN\":{values}}}");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal($"{{\"OUT\":{values.Replace("\\u00e9", "é", StringComparison.Ordinal)},\"model_name\":\"echo\",\"model_version\":\"1\"}}", answer);
    }

    [Theory]
    [InlineData("[1,2,3,4]", 1, 4)]
    [InlineData("[[1,2],[3,4]]", 2, 2)]
    [InlineData("[[1,2,3,4]]", 1, 4)]
    [InlineData("[[[1,2]],[[3,4]]]", 0, 0)]
    public async Task Generate_Nesting_IsTheShapeWhereTheModelHasIt(string value, int rows, int columns)
    {
        var model = new EchoModel(EchoModel.Config("echo", 8, ("IN", "OUT", TensorDataType.Int32, [-1, -1])));
        TensorShape? shape = null;
        model.Scheduler.Script = pending =>
        {
            shape = pending.Request.Inputs[0].Shape;
            pending.Fail(new InferenceError(ErrorCode.Internal, "enough"));
            return Task.CompletedTask;
        };
        await using var server = await KServeServer.StartAsync(model);
        var (status, _, answer) = await PostAsync(server, $"{{\"IN\":{value}}}");
        if (rows == 0)
        {
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Contains("[2,1,2]", answer, StringComparison.Ordinal);
            return;
        }

        Assert.Equal(new TensorShape(rows, columns), shape);
    }

    [Fact]
    public async Task Generate_OtherMembers_AreParametersOfTheKindsOfTheProtocol()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        await using var server = await KServeServer.StartAsync(model);
        var (status, _, _) = await PostAsync(
            server,
            """{"IN":1,"temperature":0.5,"n":3,"flag":true,"text":"t","timeout":250,"triton_x":1,"binary_data_output":"any","n":4,"parameters":{"inner":-1,"text":"later"},"parameters":5}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            new Dictionary<string, ParameterValue>
            {
                ["temperature"] = ParameterValue.FromDouble(0.5),
                ["n"] = ParameterValue.FromInt64(3),
                ["flag"] = ParameterValue.FromBool(true),
                ["text"] = ParameterValue.FromString("t"),
                ["timeout"] = ParameterValue.FromUInt64(250),
                ["triton_x"] = ParameterValue.FromInt64(1),
                ["binary_data_output"] = ParameterValue.FromString("any"),
                ["inner"] = ParameterValue.FromInt64(-1),
            },
            model.Scheduler.LastParameters);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("[1]", "an object")]
    [InlineData("5", "an object")]
    [InlineData("{", "offset 1")]
    [InlineData("""{"IN":1} x""", "nothing after")]
    [InlineData("""{"IN":"x"}""", "'IN'")]
    [InlineData("""{"IN":null}""", "null")]
    [InlineData("""{"IN":{"a":1}}""", "an object")]
    [InlineData("""{"IN":[1,"x"]}""", "element 1")]
    [InlineData("""{"IN":[[1,2],[3]]}""", "uneven")]
    [InlineData("""{"IN":[[],1]}""", "uneven")]
    [InlineData("""{"IN":[[1,2],[3,4]]}""", "[2,2]")]
    [InlineData("""{"IN":[1,}""", "offset")]
    [InlineData("""{"IN":3000000000}""", "2147483647")]
    [InlineData("""{"IN":1,"IN":2}""", "already exists")]
    [InlineData("""{"IN":1,"parameters":{"IN":2}}""", "already exists")]
    [InlineData("""{"IN":1,"id":5}""", "id")]
    [InlineData("""{"IN":1,"parameters":[]}""", "parameters")]
    [InlineData("""{"IN":1,"parameters":{"parameters":{}}}""", "parameters")]
    [InlineData("""{"IN":1,"o":{"a":1}}""", "'o'")]
    [InlineData("""{"IN":1,"o":null}""", "'o'")]
    [InlineData("""{"IN":1,"timeout":"soon"}""", "timeout")]
    [InlineData("""{"n":1}""", "'IN'")]
    public async Task Generate_WrongRequest_IsToldWhatIsWrong(string body, string word)
    {
        await using var server = await KServeServer.StartAsync();
        foreach (var action in (string[])["generate", "generate_stream"])
        {
            var (status, type, answer) = await PostAsync(server, body, action);
            Assert.Equal((HttpStatusCode.BadRequest, "application/json"), (status, type));
            Assert.Contains(word, JsonDocument.Parse(answer).RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Generate_FixedShape_IsHeldAgainstTheCount()
    {
        await using var server = await KServeServer.StartAsync(EchoModel.Of("echo", TensorDataType.Int32, 4));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, """{"IN":[1,2,3,4]}""")).Status);
        var (status, _, answer) = await PostAsync(server, """{"IN":[1,2,3]}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("The schema can not convert input 'IN' to tensor with proper shape: expected elements for the shape [4], got 3", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_OutputsOfReservedNames_GoFirst()
    {
        var model = new EchoModel(EchoModel.Config("echo", 0, ("A", "id", TensorDataType.Int32, [-1]), ("B", "model_name", TensorDataType.Bytes, [-1]), ("id", "zz", TensorDataType.Int32, [-1])));
        model.Scheduler.Script = pending =>
        {
            var request = pending.Request;
            TensorView[] outputs = [Output(request, 0, "id"), Output(request, 1, "model_name"), Output(request, 2, "zz")];
            var parameters = new Dictionary<string, ParameterValue> { ["model_version"] = ParameterValue.FromInt64(9), ["zz"] = ParameterValue.FromInt64(9), ["b"] = ParameterValue.FromBool(true) };
            request.ReleaseInputs();
            pending.TryComplete(InferenceOutcome.Success(new InferenceResponse(request.Id, request.DetachLease(), outputs, parameters)));
            return Task.CompletedTask;
        };
        await using var server = await KServeServer.StartAsync(model);
        var (_, _, answer) = await PostAsync(server, """{"A":1,"B":"b","id":3}""");
        Assert.Equal("""{"b":true,"id":1,"model_name":"b","model_version":"1","zz":3}""", answer);

        static TensorView Output(InferenceRequest request, int place, string name)
        {
            var input = request.Inputs[place];
            return new TensorView(name, input.DataType, input.Shape, input.Buffer.Acquire());
        }
    }

    [Theory]
    [InlineData("gzip", HttpStatusCode.BadRequest)]
    [InlineData("br", HttpStatusCode.BadRequest)]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("identity", HttpStatusCode.OK)]
    public async Task Generate_Encoding_IsIdentityAlone(string encoding, HttpStatusCode expected)
    {
        await using var server = await KServeServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, "/v2/models/echo/generate")) { Content = new ByteArrayContent("""{"IN":1}"""u8.ToArray()) };
        request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        request.Headers.Add("Accept-Encoding", "gzip");
        using var response = await server.Client.SendAsync(request, Cancellation);
        Assert.Equal(expected, response.StatusCode);
        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.Equal(expected != HttpStatusCode.OK, (await response.Content.ReadAsStringAsync(Cancellation)).Contains("identity", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/v2/models/nothing/generate", HttpStatusCode.NotFound)]
    [InlineData("/v2/models/nothing/generate_stream", HttpStatusCode.NotFound)]
    [InlineData("/v2/models/echo/versions/5/generate", HttpStatusCode.NotFound)]
    [InlineData("/v2/models/echo/versions/99/generate_stream", HttpStatusCode.ServiceUnavailable)]
    [InlineData("/v2/models/echo/versions/x/generate", HttpStatusCode.NotFound)]
    [InlineData("/v2/models/echo/versions/1/generate", HttpStatusCode.OK)]
    [InlineData("/v2/models/echo/generate/", HttpStatusCode.NotFound)]
    public async Task Generate_Route_FindsTheModelOrSaysThatThereIsNone(string path, HttpStatusCode expected)
    {
        await using var server = await KServeServer.StartAsync();
        using var content = new ByteArrayContent("""{"IN":1}"""u8.ToArray());
        using var response = await server.Client.PostAsync(new Uri(server.Address, path), content, Cancellation);
        Assert.Equal(expected, response.StatusCode);
        using var get = await server.Client.GetAsync(new Uri(server.Address, path), Cancellation);
        Assert.True(get.StatusCode is HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Generate_RefusedRequest_HasTheStatusOfTheRefusal()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        model.Scheduler.Refusal = new InferenceError(ErrorCode.Unavailable, "the queue is full");
        await using var server = await KServeServer.StartAsync(model);
        foreach (var action in (string[])["generate", "generate_stream"])
        {
            var (status, type, answer) = await PostAsync(server, """{"IN":1}""", action);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/json", """{"error":"the queue is full"}"""), (status, type, answer));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Generate_DecoupledModel_MustAnswerOnce(int responses)
    {
        var model = Decoupled.Model(responses);
        await using var server = await KServeServer.StartAsync(model);
        var (status, _, answer) = await PostAsync(server, """{"IN":1}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("""{"error":"generate expects model to produce exactly 1 response, use generate stream for model that generates various number of responses"}""", answer);
        await model.Served.UnloadAsync().WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Generate_DecoupledModelThatGoesOn_IsTold()
    {
        var model = Decoupled.Model(int.MaxValue);
        await using var server = await KServeServer.StartAsync(model);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(server, """{"IN":1}""")).Status);
        await model.Scheduler.Abandoned.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await model.Served.UnloadAsync().WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Generate_DecoupledModelThatAnswersOnce_IsAnswered()
    {
        await using var server = await KServeServer.StartAsync(Decoupled.Model(1));
        Assert.Equal("""{"OUT":1,"model_name":"decoupled","model_version":"1"}""", (await PostAsync(server, """{"IN":1}""")).Body);
    }

    [Fact]
    public async Task Generate_DecoupledModelThatFailsAfterItsAnswer_Fails()
    {
        await using var server = await KServeServer.StartAsync(Decoupled.Model(1, new InferenceError(ErrorCode.Internal, "it broke")));
        var (status, _, answer) = await PostAsync(server, """{"IN":1}""");
        Assert.Equal((HttpStatusCode.InternalServerError, """{"error":"it broke"}"""), (status, answer));
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Generate_ClientThatHasGone_CancelsItsRequest()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        var gate = new TaskCompletionSource();
        model.Scheduler.Gate = gate.Task;
        await using var server = await KServeServer.StartAsync(model);
        using (var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancellation))
        {
            using var content = new StringContent("""{"IN":1}""");
            var posting = server.Client.PostAsync(new Uri(server.Address, "/v2/models/echo/generate"), content, impatient.Token);
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
    [InlineData("""{"IN":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26]}""", true, "100")]
    [InlineData("""{"IN":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26]}""", false, "100")]
    [InlineData("""{"IN":[1,2,3,4,5,6,7,8,9,10,11,12,13],"IN":[1,2,3,4,5,6,7,8,9,10,11,12,13]}""", true, "104 bytes together")]
    [InlineData("""{"IN":1,"a":1,"b":2,"c":3}""", true, "2 entries")]
    [InlineData("""{"IN":1,"IN":1,"IN":1,"IN":1}""", true, "3 entries")]
    public async Task Generate_Limits_Hold(string body, bool isLengthKnown, string word)
    {
        await using var server = await KServeServer.StartAsync(new KServeHttpOptions { MaxInputSize = 100, MaxParameters = 2, MaxTensors = 3 });
        using HttpContent content = isLengthKnown ? new ByteArrayContent(Encoding.UTF8.GetBytes(body)) : new StreamContent(new DribblingStream(Encoding.UTF8.GetBytes(body), 7));
        using var response = await server.Client.PostAsync(new Uri(server.Address, "/v2/models/echo/generate"), content, Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(word, await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Generate_BodyOverTheLimitOfRequests_Is413()
    {
        await using var server = await KServeServer.StartAsync(new KServeHttpOptions { MaxRequestBytes = 100 });
        var (status, _, _) = await PostAsync(server, $"{{\"IN\":[{string.Join(',', Enumerable.Repeat(1, 60))}]}}");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
    }

    private static async Task<(HttpStatusCode Status, string? Type, string Body)> PostAsync(KServeServer server, string body, string action = "generate")
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        using var response = await server.Client.PostAsync(new Uri(server.Address, $"/v2/models/{server.Models[0]}/{action}"), content, Cancellation);
        return (response.StatusCode, response.Content.Headers.ContentType?.ToString(), await response.Content.ReadAsStringAsync(Cancellation));
    }
}

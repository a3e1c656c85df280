using System.Net;
using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Tests.Http;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.SharedMemory;

/// <summary>Memory of devices over HTTP, with a driver that keeps it in the machine's.</summary>
public sealed class HttpCudaTests
{
    private const string Zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Regions_AreRegisteredListedAndUnregistered()
    {
        await using var server = await KServeServer.StartAsync();
        await RegisterAsync(server, "b%20%22", 64);
        await RegisterAsync(server, "a", 8, device: 1);
        const string A = """{"name":"a","device_id":1,"byte_size":8}""";
        const string B = """{"name":"b \"","device_id":0,"byte_size":64}""";
        Assert.Equal((HttpStatusCode.OK, $"[{A},{B}]"), await AskAsync(server, "GET", "/v2/cudasharedmemory/status"));
        Assert.Equal((HttpStatusCode.OK, $"[{A}]"), await AskAsync(server, "GET", "/v2/cudasharedmemory/region/a/status"));
        Assert.Equal((HttpStatusCode.OK, "[]"), await AskAsync(server, "GET", "/v2/systemsharedmemory/status"));
        Assert.Equal((HttpStatusCode.NotFound, """{"error":"The region named 'a' is registered as CUDA shared memory, not system shared memory"}"""), await AskAsync(server, "GET", "/v2/systemsharedmemory/region/a/status"));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server, "POST", "/v2/systemsharedmemory/unregister", ""));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server, "POST", "/v2/cudasharedmemory/region/a/unregister", ""));
        Assert.Equal((HttpStatusCode.OK, $"[{B}]"), await AskAsync(server, "GET", "/v2/cudasharedmemory/status"));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server, "POST", "/v2/cudasharedmemory/unregister", ""));
        Assert.Equal((HttpStatusCode.OK, "[]"), await AskAsync(server, "GET", "/v2/cudasharedmemory/status"));
        Assert.Equal((0, 0, 0), (server.Driver.Opened, server.Driver.Retained, server.Driver.Pushed));
    }

    [Theory]
    [InlineData("", "offset 0")]
    [InlineData("null", "'raw_handle'|null")]
    [InlineData("[]", "'raw_handle'|an array")]
    [InlineData("{}", "no 'raw_handle' field")]
    [InlineData("""{"raw_handle":"text"}""", "'raw_handle'|an object|a string")]
    [InlineData("""{"raw_handle":{}}""", "no 'b64' field")]
    [InlineData("""{"raw_handle":{"b64":5}}""", "'b64'|a string|a number")]
    [InlineData("""{"raw_handle":{"b64":""}}""", "'raw_handle' must be a valid base64 encoded cudaIpcMemHandle_t|64 bytes|got 0 bytes")]
    [InlineData("""{"raw_handle":{"b64":"AAAA"}}""", "'raw_handle' must be a valid base64 encoded cudaIpcMemHandle_t|got 3 bytes")]
    [InlineData("""{"raw_handle":{"b64":"AAA"}}""", "'raw_handle' must be a valid base64 encoded cudaIpcMemHandle_t|what is no base64")]
    [InlineData("""{"raw_handle":{"b64":"ZEROSAAAA"}}""", "what is no base64")]
    [InlineData("""{"raw_handle":{"b64":"LONG"}}""", "got 1025 characters")]
    [InlineData("""{"raw_handle":{"b64":"ZEROS"},"byte_size":8}""", "no 'device_id' field")]
    [InlineData("""{"raw_handle":{"b64":"ZEROS"},"device_id":0}""", "no 'byte_size' field")]
    [InlineData("""{"raw_handle":{"b64":"ZEROS"},"device_id":-1,"byte_size":8}""", "'device_id'|unsigned")]
    [InlineData("""{"raw_handle":{"b64":"ZEROS"},"device_id":"0","byte_size":8}""", "'device_id'|a string")]
    [InlineData("""{"raw_handle":{"b64":"ZEROS"},"device_id":18446744073709551615,"byte_size":8}""", "'device_id'|18446744073709551615")]
    [InlineData("""{"raw_handle":{"b64":"ZEROS"},"device_id":2,"byte_size":8}""", "from 0 to 1, got 2")]
    [InlineData("""{"raw_handle":{"b64":"ZEROS"},"device_id":0,"byte_size":0}""", "'byte_size' must be above 0")]
    [InlineData("""{"raw_handle":{"b64":"ZEROS"},"device_id":0,"byte_size":8}""", "cuIpcOpenMemHandle answered CUDA_ERROR_INVALID_HANDLE")]
    [InlineData("""{"raw_handle":{"b64":"ZEROS"},"device_id":0,"byte_size":8} {}""", "nothing after the document")]
    public async Task Register_WrongBody_IsRefusedInWords(string body, string words)
    {
        await using var server = await KServeServer.StartAsync();
        body = body.Replace("ZEROS", Zeros, StringComparison.Ordinal).Replace("LONG", new string('A', 1025), StringComparison.Ordinal);
        var (status, text) = await AskAsync(server, "POST", "/v2/cudasharedmemory/region/bad/register", body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.All(words.Split('|'), word => Assert.Contains(word, text, StringComparison.Ordinal));
        Assert.True(server.Regions.TryList(SharedMemoryKind.Cuda, "", out var regions, out _));
        Assert.Empty(regions);
        Assert.Equal((0, 0, 0), (server.Driver.Opened, server.Driver.Retained, server.Driver.Pushed));
    }

    [Fact]
    public async Task Register_WithoutANameOrADriver_IsRefused()
    {
        await using var server = await KServeServer.StartAsync();
        var body = $$"""{"raw_handle":{"b64":"{{Zeros}}"},"device_id":0,"byte_size":8}""";
        Assert.Contains("region name", (await AskAsync(server, "POST", "/v2/cudasharedmemory/register", body)).Body, StringComparison.Ordinal);
        server.Driver.Missing = "there is none";
        Assert.Equal((HttpStatusCode.BadRequest, """{"error":"failed to register CUDA shared memory region: 'gpu', GPUs not supported: there is none"}"""), await AskAsync(server, "POST", "/v2/cudasharedmemory/region/gpu/register", body));
    }

    [Fact]
    public async Task Infer_InAndOut_CarriesNoElements()
    {
        await using var server = await KServeServer.StartAsync();
        var memory = await RegisterAsync(server, "r", 32);
        memory[4] = 7;
        memory[8] = 9;
        server.Driver.TakeCalls();
        var (status, body) = await InferAsync(server, Input("r", 4), Output("r", 20));
        Assert.Equal((HttpStatusCode.OK, """{"model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"INT32","shape":[2]}]}"""), (status, body));
        Assert.Equal([7, 0, 0, 0, 9, 0, 0, 0], memory[20..28]);
        Assert.Equal(
            ["cuCtxPushCurrent(110)", "cuMemcpyDtoH(0x700000000004, 8)", "cuCtxPopCurrent()", "cuCtxPushCurrent(110)", "cuMemcpyHtoD(0x700000000014, 8)", "cuStreamSynchronize(0)", "cuCtxPopCurrent()"],
            server.Driver.TakeCalls());
        await server.StopAsync();
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_RegionUnregisteredMeanwhile_IsAnsweredAndThenLetsItGo()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        model.Scheduler.Gate = gate.Task;
        await using var server = await KServeServer.StartAsync(model);
        var memory = await RegisterAsync(server, "r", 32);
        memory[0] = 5;
        var answer = InferAsync(server, Input("r", 0), Output("r", 24));
        await model.Scheduler.Accepted.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server, "POST", "/v2/cudasharedmemory/region/r/unregister", ""));
        Assert.Equal(1, server.Driver.Opened);

        // Of the same name there may be another one already, which this request does not see.
        var other = await RegisterAsync(server, "r", 4);
        gate.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await answer).Status);
        Assert.Equal([5, 0, 0, 0, 0, 0, 0, 0], memory[24..32]);
        Assert.Equal(new byte[4], other);
        Assert.Equal(HttpStatusCode.BadRequest, (await InferAsync(server, Input("r", 0), Output("r", 0))).Status);
        Assert.Null(server.Regions.Unregister(SharedMemoryKind.Cuda, ""));

        // A request lets go of its regions when its answer has been sent.
        await server.StopAsync();
        Assert.Equal((0, 0, 0), (server.Driver.Opened, server.Driver.Retained, server.Driver.Pushed));
    }

    [Theory]
    [InlineData("cuMemcpyDtoH", 700, HttpStatusCode.InternalServerError, "shared memory region 'r' cannot be read: cuMemcpyDtoH answered CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered) (input 'IN')")]
    [InlineData("cuMemcpyHtoD", 700, HttpStatusCode.InternalServerError, "shared memory region 'r' cannot be written: cuMemcpyHtoD answered CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered) (output 'OUT')")]
    [InlineData("cuMemcpyHtoD", 2, HttpStatusCode.TooManyRequests, "out of memory")]
    public async Task Infer_CopyThatFails_FailsThatRequestOnly(string function, int result, HttpStatusCode code, string message)
    {
        await using var server = await KServeServer.StartAsync();
        await RegisterAsync(server, "r", 32);
        server.Driver.Fail(function, result);
        var (status, body) = await InferAsync(server, Input("r", 0), Output("r", 8));
        Assert.Equal(code, status);
        Assert.Contains(message, body, StringComparison.Ordinal);
        server.Driver.Fail(function, 0);
        Assert.Equal(HttpStatusCode.OK, (await InferAsync(server, Input("r", 0), Output("r", 8))).Status);
        Assert.Null(server.Regions.Unregister(SharedMemoryKind.Cuda, "r"));
        await server.StopAsync();
        Assert.Equal(0, server.Allocator.Rented);
        Assert.Equal((0, 0, 0), (server.Driver.Opened, server.Driver.Retained, server.Driver.Pushed));
    }

    [Fact]
    public async Task Infer_ManyAtOnceOfWhichOneCannotBeWritten_AnswersTheOthers()
    {
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        model.Scheduler.Gate = gate.Task;
        await using var server = await KServeServer.StartAsync(model);
        var memory = await RegisterAsync(server, "r", 80);
        memory.AsSpan(0, 8).Fill(3);
        server.Driver.Fail("cuMemcpyHtoD(0x700000000020, 8)", 700);
        var answers = Enumerable.Range(1, 8).Select(place => InferAsync(server, Input("r", 0), Output("r", place * 8))).ToArray();
        gate.SetResult();
        var statuses = (await Task.WhenAll(answers)).Select(static answer => answer.Status);
        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.OK, 3), HttpStatusCode.InternalServerError, .. Enumerable.Repeat(HttpStatusCode.OK, 4)], statuses);
        Assert.Equal([.. Enumerable.Repeat((byte)3, 32), .. new byte[8], .. Enumerable.Repeat((byte)3, 32), .. new byte[8]], memory);
        Assert.Null(server.Regions.Unregister(SharedMemoryKind.Cuda, ""));
        await server.StopAsync();
        Assert.Equal((0, 0, 0), (server.Driver.Opened, server.Driver.Retained, server.Driver.Pushed));
    }

    private static string Input(string region, long offset) =>
        $$$"""{"name":"IN","datatype":"INT32","shape":[2],"parameters":{"shared_memory_region":"{{{region}}}","shared_memory_byte_size":8,"shared_memory_offset":{{{offset}}}}}""";

    private static string Output(string region, long offset) =>
        $$$"""{"name":"OUT","parameters":{"shared_memory_region":"{{{region}}}","shared_memory_byte_size":8,"shared_memory_offset":{{{offset}}}}}""";

    private static Task<(HttpStatusCode Status, string Body)> InferAsync(KServeServer server, string input, string output) =>
        AskAsync(server, "POST", "/v2/models/echo/infer", $$"""{"inputs":[{{input}}],"outputs":[{{output}}]}""");

    private static async Task<byte[]> RegisterAsync(KServeServer server, string region, int size, int device = 0)
    {
        var (memory, handle) = server.Driver.Allocate(size);
        var body = $$"""{"byte_size":{{size}},"raw_handle":{"more":[],"b64":"{{Convert.ToBase64String(handle)}}"},"device_id":{{device}},"device_id":9}""";
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server, "POST", $"/v2/cudasharedmemory/region/{region}/register", body));
        return memory;
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(KServeServer server, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(server.Address, path));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await server.Client.SendAsync(request, Cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }
}

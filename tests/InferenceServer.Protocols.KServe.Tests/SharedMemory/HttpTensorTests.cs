using System.Net;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Http;
using InferenceServer.Testing.SharedMemory;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.SharedMemory;

public sealed class HttpTensorTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_InAndOut_CarriesNoElements()
    {
        using var file = new SharedMemoryFile([1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        await using var server = await StartAsync(file);
        var (status, body, header) = await InferAsync(server, $$$"""{"inputs":[{{{Input(0, 8)}}}],"outputs":[{{{Output(8, 8)}}}],"parameters":{"binary_data_output":true}}""");
        Assert.Equal((HttpStatusCode.OK, null), (status, header));
        Assert.Equal("""{"model_name":"echo","model_version":"1","outputs":[{"name":"OUT","datatype":"INT32","shape":[2]}]}""", body);
        Assert.Equal([1, 0, 0, 0, 2, 0, 0, 0], file.Read(8, 8));
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_BesideJsonAndBinaryTensors_TakesNothingOfThem()
    {
        using var file = new SharedMemoryFile(new byte[32]);
        file.Write([7, 0, 0, 0]);
        var config = EchoModel.Config("echo", 0, ("A", "X", TensorDataType.Int32, [-1]), ("B", "Y", TensorDataType.Int32, [-1]), ("C", "Z", TensorDataType.Int32, [-1]));
        await using var server = await StartAsync(file, new EchoModel(config));
        var json = $$$"""
            {"inputs":[{"name":"B","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":4}},{{{Input(0, 4).Replace("IN\"", "A\"", StringComparison.Ordinal).Replace("[2]", "[1]", StringComparison.Ordinal)}}},{"name":"C","datatype":"INT32","shape":[1],"data":[9]}],
             "outputs":[{"name":"X","parameters":{"binary_data":true}},{"name":"Y","parameters":{"shared_memory_region":"r","shared_memory_byte_size":4,"shared_memory_offset":16}},{"name":"Z"}]}
            """;
        using var content = new ByteArrayContent([.. Encoding.UTF8.GetBytes(json), 8, 0, 0, 0]);
        content.Headers.Add(InferResponseWriter.HeaderLengthName, Encoding.UTF8.GetByteCount(json).ToString(System.Globalization.CultureInfo.InvariantCulture));
        using var response = await server.Client.PostAsync(new Uri(server.Address, "/v2/models/echo/infer"), content, Cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(Cancellation);
        var text = """{"model_name":"echo","model_version":"1","outputs":[{"name":"X","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":4}},{"name":"Y","datatype":"INT32","shape":[1]},{"name":"Z","datatype":"INT32","shape":[1],"data":[9]}]}""";
        Assert.Equal([.. Encoding.UTF8.GetBytes(text), 7, 0, 0, 0], body);
        Assert.Equal([8, 0, 0, 0], file.Read(16, 4));
    }

    [Fact]
    public async Task Infer_Strings_GoBothWays()
    {
        using var file = new SharedMemoryFile([1, 0, 0, 0, (byte)'a', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        await using var server = await StartAsync(file, EchoModel.Of("echo", TensorDataType.Bytes, -1));
        var (_, body, _) = await InferAsync(server, $$"""{"inputs":[{{Input(0, 9, "BYTES")}}],"outputs":[{"name":"OUT"}]}""");
        Assert.Contains("""
            "data":["a",""]
            """, body, StringComparison.Ordinal);
        await InferAsync(server, $$"""{"inputs":[{{Input(0, 9, "BYTES")}}],"outputs":[{{Output(9, 9)}}]}""");
        Assert.Equal([1, 0, 0, 0, (byte)'a', 0, 0, 0, 0], file.Read(9, 9));

        // What is left of a longer place is not touched, and a tensor cut short is told as such.
        Assert.Contains("incomplete string", (await InferAsync(server, $$"""{"inputs":[{{Input(0, 8, "BYTES")}}]}""")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_OutputThatDoesNotFit_WritesNothing()
    {
        using var file = new SharedMemoryFile(new byte[32]);
        var config = EchoModel.Config("echo", 0, ("A", "X", TensorDataType.Int32, [-1]), ("B", "Y", TensorDataType.Int32, [-1]));
        await using var server = await StartAsync(file, new EchoModel(config));
        var (status, body, _) = await InferAsync(server, """
            {"inputs":[{"name":"A","datatype":"INT32","shape":[1],"data":[1]},{"name":"B","datatype":"INT32","shape":[2],"data":[2,3]}],
             "outputs":[{"name":"X","parameters":{"shared_memory_region":"r","shared_memory_byte_size":4}},{"name":"Y","parameters":{"shared_memory_region":"r","shared_memory_byte_size":7,"shared_memory_offset":8}}]}
            """);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("""{"error":"shared memory size specified with the request for output 'Y' (7 bytes) should be at least 8 bytes to hold the results"}""", body);
        Assert.Equal(new byte[32], file.Read(0, 32));
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Theory]
    [InlineData("nowhere", 0, 8, 404, "Unable to find shared memory region: 'nowhere'")]
    [InlineData("r", 16, 8, 400, "Invalid offset for shared memory region: 'r'")]
    [InlineData("r", 12, 8, 400, "Invalid offset + byte size for shared memory region: 'r'")]
    [InlineData("r", 0, 9223372036854775807, 400, "exceed the maximum of 1024 bytes")]
    public async Task Infer_PlaceThatIsNotThere_IsRefusedByTensor(string region, long offset, long byteSize, int status, string words)
    {
        using var file = new SharedMemoryFile(16);
        await using var server = await StartAsync(file, new KServeHttpOptions { MaxRequestBytes = 1024 });
        var (code, body, _) = await InferAsync(server, $$"""{"inputs":[{{Input(offset, byteSize, region: region)}}]}""");
        Assert.Equal(status, (int)code);
        Assert.Contains(words, body, StringComparison.Ordinal);
        Assert.Contains("input 'IN'", body, StringComparison.Ordinal);
        if (byteSize < long.MaxValue)
        {
            (code, body, _) = await InferAsync(server, $$"""{"inputs":[{"name":"IN","datatype":"INT32","shape":[1],"data":[1]}],"outputs":[{{Output(offset, byteSize, region)}}]}""");
            Assert.Equal(status, (int)code);
            Assert.Contains(words, body, StringComparison.Ordinal);
            Assert.Contains("output 'OUT'", body, StringComparison.Ordinal);
        }

        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_InputsOverTheLimitOfARequestTogether_AreRefusedBeforeMemoryIsTaken()
    {
        using var file = new SharedMemoryFile(2048);
        var config = EchoModel.Config("echo", 0, ("A", "X", TensorDataType.UInt8, [-1]), ("B", "Y", TensorDataType.UInt8, [-1]));
        await using var server = await StartAsync(file, new KServeHttpOptions { MaxRequestBytes = 1024 }, new EchoModel(config));
        Assert.Equal(HttpStatusCode.OK, (await InferAsync(server, Two(512))).Status);
        var (status, body, _) = await InferAsync(server, Two(513));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("input 'B'", body, StringComparison.Ordinal);
        Assert.Contains("1024", body, StringComparison.Ordinal);

        static string Two(int bytes) => $$$$"""
            {"inputs":[{"name":"A","datatype":"UINT8","shape":[512],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":512}},
                       {"name":"B","datatype":"UINT8","shape":[{{{{bytes}}}}],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":{{{{bytes}}}}}}],
             "outputs":[{"name":"X","parameters":{"binary_data":true}}]}
            """;
    }

    [Fact]
    public async Task Infer_ObjectShortened_IsAnErrorAndTheServerLives()
    {
        using var file = new SharedMemoryFile(16);
        await using var server = await StartAsync(file);
        file.Length = 4;
        foreach (var request in new[] { $$"""{"inputs":[{{Input(0, 8)}}]}""", $$"""{"inputs":[{"name":"IN","datatype":"INT32","shape":[2],"data":[1,2]}],"outputs":[{{Output(0, 8)}}]}""" })
        {
            var (status, body, _) = await InferAsync(server, request);
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Contains("'r' cannot be used: its shared memory object has been shortened", body, StringComparison.Ordinal);
            Assert.DoesNotContain(file.Key, body, StringComparison.Ordinal);
        }

        Assert.Equal(4, file.Length);
        Assert.Equal(0, server.Allocator.Rented);
    }

    [Fact]
    public async Task Infer_RegionUnregisteredMeanwhile_IsStillWrittenTo()
    {
        using var file = new SharedMemoryFile(16);
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        await using var server = await StartAsync(file, model);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        model.Scheduler.Gate = gate.Task;
        var asking = InferAsync(server, $$"""{"inputs":[{"name":"IN","datatype":"INT32","shape":[2],"data":[1,2]}],"outputs":[{{Output(8, 8)}}]}""");
        await model.Scheduler.Accepted.Task;
        Assert.Null(server.Regions.Unregister(SharedMemoryKind.System, "r"));
        gate.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await asking).Status);
        Assert.Equal([1, 0, 0, 0, 2, 0, 0, 0], file.Read(8, 8));
        Assert.Equal(HttpStatusCode.NotFound, (await InferAsync(server, $$"""{"inputs":[{{Input(0, 8)}}]}""")).Status);
    }

    [Fact]
    public async Task Infer_RefusedByTheEngine_LeavesNoMemory()
    {
        using var file = new SharedMemoryFile(16);
        var model = EchoModel.Of("echo", TensorDataType.Int32, -1);
        await using var server = await StartAsync(file, model);
        var (status, body, _) = await InferAsync(server, $$"""{"inputs":[{{Input(0, 12)}}],"outputs":[{{Output(0, 8)}}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("input byte size mismatch for input 'IN' for model 'echo'. Expected 8, got 12", body, StringComparison.Ordinal);
        model.Scheduler.Refusal = new InferenceError(ErrorCode.Unavailable, "full");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await InferAsync(server, $$"""{"inputs":[{{Input(0, 8)}}],"outputs":[{{Output(0, 8)}}]}""")).Status);
        Assert.Equal(0, server.Allocator.Rented);
    }

    private static Task<KServeServer> StartAsync(SharedMemoryFile file, params EchoModel[] models) => StartAsync(file, new KServeHttpOptions(), models);

    private static async Task<KServeServer> StartAsync(SharedMemoryFile file, KServeHttpOptions options, params EchoModel[] models)
    {
        var server = await KServeServer.StartAsync(options, models);
        Assert.Null(server.Regions.RegisterSystem("r", file.Key, 0, (ulong)file.Length));
        return server;
    }

    private static string Input(long offset, long byteSize, string type = "INT32", string region = "r") =>
        $$$"""{"name":"IN","datatype":"{{{type}}}","shape":[2],"parameters":{"shared_memory_region":"{{{region}}}","shared_memory_byte_size":{{{byteSize}}},"shared_memory_offset":{{{offset}}}}}""";

    private static string Output(long offset, long byteSize, string region = "r") =>
        $$$"""{"name":"OUT","parameters":{"shared_memory_region":"{{{region}}}","shared_memory_byte_size":{{{byteSize}}},"shared_memory_offset":{{{offset}}}}}""";

    private static async Task<(HttpStatusCode Status, string Body, string? Header)> InferAsync(KServeServer server, string json)
    {
        using var content = new StringContent(json);
        using var response = await server.Client.PostAsync(new Uri(server.Address, "/v2/models/echo/infer"), content, Cancellation);
        var header = response.Headers.TryGetValues(InferResponseWriter.HeaderLengthName, out var values) ? values.Single() : null;
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation), header);
    }
}

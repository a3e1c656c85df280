using System.Net;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Inference;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Cuda;
using Xunit;

namespace InferenceServer.FunctionalTests.SharedMemory;

/// <summary>
/// A client that has its tensors on a device, and the server as a process of its own, since no process opens what it has made itself: over a driver
/// that keeps the memory of its devices in the machine's and, where there is one, over a real one.
/// </summary>
public sealed class CudaMemoryTests
{
    private const string RealLibrary = "libcuda.so.1";
    private const int ByteSize = 4096;

    private static readonly float[] s_first = [.. Enumerable.Range(0, 16).Select(static i => i * 1.5f)];
    private static readonly float[] s_second = [.. Enumerable.Range(0, 16).Select(static i => 100f - i)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tensors_OnADriverInTheMachinesMemory_GoInAndOut()
    {
        using var library = new HostCudaLibrary();
        await RunAsync(library.FullPath, new Dictionary<string, string> { ["LD_LIBRARY_PATH"] = library.Folder });
    }

    [Fact]
    public async Task Tensors_OnADevice_GoInAndOut()
    {
        var obstacle = CudaAllocation.FindObstacle(RealLibrary);
        Assert.SkipWhen(obstacle is not null, obstacle ?? "");
        await RunAsync(RealLibrary, new Dictionary<string, string>());
    }

    [Fact]
    public async Task Machine_WithoutADriver_SaysSoAndServes()
    {
        Assert.SkipWhen(NativeLibrary.TryLoad(RealLibrary, out _), "there is a driver on this machine");
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--allow-client-shm=true"]);
        var body = $$"""{"raw_handle":{"b64":"{{Convert.ToBase64String(new byte[64])}}"},"device_id":0,"byte_size":64}""";
        Assert.Equal(
            (HttpStatusCode.BadRequest, """{"error":"failed to register CUDA shared memory region: 'gpu', GPUs not supported: the library libcuda.so.1 of NVIDIA's driver is not on this machine"}"""),
            await server.PostAsync("/v2/cudasharedmemory/region/gpu/register", body));
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync("/v2/cudasharedmemory/unregister", ""));
        Assert.Equal("[]", await server.Http.GetStringAsync("/v2/cudasharedmemory/status", Token));
    }

    private static async Task RunAsync(string library, IReadOnlyDictionary<string, string> environment)
    {
        using var memory = new CudaAllocation(library, ByteSize);
        using var process = ServerProcess.Start(
            environment,
            "--http-address=127.0.0.1",
            "--grpc-address=127.0.0.1",
            "--metrics-address=127.0.0.1",
            "--http-port=0",
            "--grpc-port=0",
            "--metrics-port=0",
            $"--model-repository={SampleServer.Repository}",
            "--model-control-mode=explicit",
            "--load-model=add_sub",
            "--allow-client-shm=true");
        using var http = new HttpClient { BaseAddress = await process.WaitForSummaryAsync(), Timeout = TestTimeouts.Phase };
        using var channel = GrpcChannel.ForAddress(process.RpcAddress);
        var rpc = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        memory.Write(MemoryMarshal.AsBytes<float>(s_first));
        memory.Write(MemoryMarshal.AsBytes<float>(s_second), 64);

        // Over HTTP: the sum behind the inputs, the difference at the very end.
        var handle = memory.MakeHandle();
        Assert.Equal("", await PostAsync(http, "/v2/cudasharedmemory/region/r/register", $$"""{"raw_handle":{"b64":"{{Convert.ToBase64String(handle)}}"},"device_id":0,"byte_size":{{ByteSize}}}"""));
        Assert.Equal($$"""[{"name":"r","device_id":0,"byte_size":{{ByteSize}}}]""", await http.GetStringAsync("/v2/cudasharedmemory/status", Token));
        var answer = await PostAsync(http, "/v2/models/add_sub/infer", $$"""
            {"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,16]{{Place("r", 0)}}},{"name":"INPUT1","datatype":"FP32","shape":[1,16]{{Place("r", 64)}}}],
             "outputs":[{"name":"OUTPUT0"{{Place("r", 128)}}},{"name":"OUTPUT1"{{Place("r", ByteSize - 64)}}}]}
            """);
        Assert.EndsWith(""","outputs":[{"name":"OUTPUT0","datatype":"FP32","shape":[1,16]},{"name":"OUTPUT1","datatype":"FP32","shape":[1,16]}]}""", answer, StringComparison.Ordinal);
        AssertAnswers(memory, ByteSize - 64);

        // Over gRPC, with the same allocation under a second name, after the first one has gone.
        await rpc.CudaSharedMemoryRegisterAsync(new() { Name = "s", RawHandle = ByteString.CopyFrom(handle), ByteSize = ByteSize }, cancellationToken: Token);
        Assert.Equal("", await PostAsync(http, "/v2/cudasharedmemory/region/r/unregister", ""));
        memory.Write(new byte[ByteSize - 128], 128);
        var request = new ModelInferRequest { ModelName = "add_sub", Inputs = { Input("INPUT0", 0), Input("INPUT1", 64) }, Outputs = { Output("OUTPUT0", 128), Output("OUTPUT1", 1024) } };
        var response = await rpc.ModelInferAsync(request, cancellationToken: Token);
        Assert.All(response.RawOutputContents, static raw => Assert.True(raw.IsEmpty));
        AssertAnswers(memory, 1024);

        // And on a stream.
        memory.Write(new byte[ByteSize - 128], 128);
        using (var call = rpc.ModelStreamInfer(cancellationToken: Token))
        {
            await call.RequestStream.WriteAsync(request, Token);
            await call.RequestStream.CompleteAsync();
            Assert.True(await call.ResponseStream.MoveNext(Token));
            Assert.Equal("", call.ResponseStream.Current.ErrorMessage);
            AssertAnswers(memory, 1024);
        }

        // What the driver refuses is told, and the server lives.
        handle[0] ^= 255;
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await rpc.CudaSharedMemoryRegisterAsync(new() { Name = "t", RawHandle = ByteString.CopyFrom(handle), ByteSize = ByteSize }, cancellationToken: Token));
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Contains("CUDA_ERROR_", failure.Status.Detail, StringComparison.Ordinal);
        await rpc.CudaSharedMemoryUnregisterAsync(new(), cancellationToken: Token);
        Assert.Equal("[]", await http.GetStringAsync("/v2/cudasharedmemory/status", Token));
        process.Signal(ServerProcess.SigTerm);
        Assert.Equal(0, await process.WaitForExitAsync());
    }

    private static void AssertAnswers(CudaAllocation memory, int difference)
    {
        Assert.Equal(s_first.Zip(s_second, static (first, second) => first + second), MemoryMarshal.Cast<byte, float>(memory.Read(128, 64)).ToArray());
        Assert.Equal(s_first.Zip(s_second, static (first, second) => first - second), MemoryMarshal.Cast<byte, float>(memory.Read(difference, 64)).ToArray());
    }

    private static string Place(string region, int offset) => $$$""","parameters":{"shared_memory_region":"{{{region}}}","shared_memory_byte_size":64,"shared_memory_offset":{{{offset}}}}""";

    private static ModelInferRequest.Types.InferInputTensor Input(string name, int offset)
    {
        var input = new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = "FP32", Shape = { 1, 16 } };
        Place(input.Parameters, offset);
        return input;
    }

    private static ModelInferRequest.Types.InferRequestedOutputTensor Output(string name, int offset)
    {
        var output = new ModelInferRequest.Types.InferRequestedOutputTensor { Name = name };
        Place(output.Parameters, offset);
        return output;
    }

    private static void Place(Google.Protobuf.Collections.MapField<string, InferParameter> parameters, int offset)
    {
        parameters["shared_memory_region"] = new InferParameter { StringParam = "s" };
        parameters["shared_memory_byte_size"] = new InferParameter { Int64Param = 64 };
        parameters["shared_memory_offset"] = new InferParameter { Int64Param = offset };
    }

    private static async Task<string> PostAsync(HttpClient http, string path, string json)
    {
        using var content = new StringContent(json);
        using var response = await http.PostAsync(path, content, Token);
        var body = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.StatusCode == HttpStatusCode.OK, body);
        return body;
    }
}

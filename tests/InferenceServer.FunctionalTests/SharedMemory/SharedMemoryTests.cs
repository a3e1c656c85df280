using System.Net;
using CsCheck;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing.SharedMemory;
using Xunit;

namespace InferenceServer.FunctionalTests.SharedMemory;

public sealed class SharedMemoryTests
{
    private const byte Untouched = 0xA5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnyTensor_GoesInAndOutBitForBit()
    {
        await using var test = await SharedMemoryServer.StartAsync();
        using var file = new SharedMemoryFile(2 * SharedTensorGen.Half);
        await test.RegisterAsync("r", file.Key, file.Length);
        await Gen.Select(SharedTensorGen.Tensors, Gen.Bool).SampleAsync(
            async (tensor, isRpc) =>
            {
                var before = tensor.OutputOffset - 1;
                var around = Enumerable.Repeat(Untouched, tensor.Content.Length + tensor.Room + 2).ToArray();
                file.Write(around, before);
                file.Write(tensor.Content, tensor.InputOffset);
                if (isRpc)
                {
                    var response = await test.AskRpcAsync(tensor);
                    Assert.Equal(new() { Name = "Y", Datatype = tensor.DataType, Shape = { tensor.Shape } }, Assert.Single(response.Outputs));
                    Assert.True(Assert.Single(response.RawOutputContents).IsEmpty);
                }
                else
                {
                    var (status, body) = await test.AskHttpAsync(tensor);
                    Assert.Equal(HttpStatusCode.OK, status);
                    Assert.EndsWith($$""","outputs":[{"name":"Y","datatype":"{{tensor.DataType}}","shape":[{{string.Join(',', tensor.Shape)}}]}]}""", body, StringComparison.Ordinal);
                }

                tensor.Content.CopyTo(around, 1);
                Assert.Equal(around, file.Read(before, around.Length));
            },
            iter: 300,
            threads: 1);
    }

    [Fact]
    public async Task Object_ShortenedByItsClient_IsAnErrorAndTheServerLives()
    {
        await using var test = await SharedMemoryServer.StartAsync();
        using var file = new SharedMemoryFile(2 * SharedTensorGen.Half);
        await test.RegisterAsync("r", file.Key, file.Length);
        var tensor = new SharedTensor("FP32", [1024], new byte[4096], 8192, SharedTensorGen.Half, 0);
        Assert.Equal(HttpStatusCode.OK, (await test.AskHttpAsync(tensor)).Status);
        foreach (var length in new[] { 0L, 8192, 8193, SharedTensorGen.Half, SharedTensorGen.Half + 4095 })
        {
            file.Length = length;
            var (status, body) = await test.AskHttpAsync(tensor);
            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.Contains("shortened", body, StringComparison.Ordinal);
            var error = await Assert.ThrowsAsync<RpcException>(() => test.AskRpcAsync(tensor));
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            Assert.Contains("shortened", error.Status.Detail, StringComparison.Ordinal);
            Assert.Equal(length, file.Length);
        }

        file.Length = 2 * SharedTensorGen.Half;
        Assert.Equal(HttpStatusCode.OK, (await test.AskHttpAsync(tensor)).Status);
    }

    [Fact]
    public async Task DecoupledModel_WritesEachResponseInTurn()
    {
        await using var test = await StreamTest.StartAsync("--allow-client-shm=true");
        using var file = new SharedMemoryFile(64);
        await test.Server.Rpc.SystemSharedMemoryRegisterAsync(new() { Name = "r", Key = file.Key, ByteSize = 64 }, cancellationToken: Token);
        using var call = test.Open();
        var request = StreamTest.Repeat("each", [7, 8, 9], wantsEmptyFinal: true);
        var output = new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "OUT" };
        SharedMemoryServer.Place(output.Parameters, 8, 4);
        request.Outputs.Add([output, new() { Name = "IDX" }]);
        await call.RequestStream.WriteAsync(request, Token);
        var answers = await call.EndAsync();
        Assert.Equal(4, answers.Count);
        Assert.All(answers.Take(3), static answer =>
        {
            Assert.Equal(["OUT", "IDX"], answer.InferResponse.Outputs.Select(static output => output.Name));
            Assert.Equal([0, 4], answer.InferResponse.RawOutputContents.Select(static raw => raw.Length));
        });

        // The last response is what is there in the end.
        Assert.Equal([9, 0, 0, 0], file.Read(8, 4));
    }

    [Fact]
    public async Task Clients_OfAServerAsItIsByDefault_MayOnlyLook()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository);
        using var file = new SharedMemoryFile(64);
        var (status, body) = await server.PostAsync("/v2/systemsharedmemory/region/r/register", $$"""{"key":"{{file.Key}}","byte_size":64}""");
        Assert.Equal((HttpStatusCode.NotImplemented, """{"error":"Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable."}"""), (status, body));
        Assert.Equal(HttpStatusCode.NotImplemented, (await server.PostAsync("/v2/systemsharedmemory/register", "")).Status);
        Assert.Equal(HttpStatusCode.NotImplemented, (await server.PostAsync("/v2/systemsharedmemory/unregister", "")).Status);
        Assert.Equal(HttpStatusCode.NotImplemented, (await server.PostAsync("/v2/cudasharedmemory/region/g/register", "")).Status);
        Assert.Equal("[]", await server.Http.GetStringAsync("/v2/systemsharedmemory/status", Token));
        Assert.Equal("[]", await server.Http.GetStringAsync("/v2/cudasharedmemory/status", Token));
        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.SystemSharedMemoryRegisterAsync(new() { Name = "r", Key = file.Key, ByteSize = 64 }, cancellationToken: Token));
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.SystemSharedMemoryUnregisterAsync(new(), cancellationToken: Token));
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        Assert.Empty((await server.Rpc.SystemSharedMemoryStatusAsync(new(), cancellationToken: Token)).Regions);
    }
}

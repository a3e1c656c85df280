using System.Net;
using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.SharedMemory;
using Xunit;

namespace InferenceServer.FunctionalTests.Hostile;

/// <summary>Shared memory of a server that has none: neither the routes nor the parameters of a request reach anything.</summary>
[Collection(SampleServerCollection.Name)]
public sealed class SwitchedOffTests(SampleServer sample)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("\"shared_memory_region\":\"r\"")]
    [InlineData("\"shared_memory_region\":\"r\",\"shared_memory_byte_size\":64")]
    [InlineData("\"shared_memory_region\":\"r\",\"shared_memory_byte_size\":64,\"shared_memory_offset\":9223372036854775807")]
    [InlineData("\"shared_memory_region\":\"\",\"shared_memory_byte_size\":-1")]
    [InlineData("\"shared_memory_region\":5")]
    public async Task Parameters_OfARequest_AreRefused(string place)
    {
        var other = """{"name":"INPUT1","datatype":"FP32","shape":[1,16],"data":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}""";
        var (status, body) = await sample.Server.PostAsync("/v2/models/add_sub/infer", $$$"""{"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,16],"parameters":{{{{place}}}}},{{{other}}}]}""");
        Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.NotImplemented, body);
        (status, body) = await sample.Server.PostAsync("/v2/models/add_sub/infer", BesiegedServer.Good.Insert(BesiegedServer.Good.Length - 1, $$$""","outputs":[{"name":"OUTPUT0","parameters":{{{{place}}}}}]"""));
        Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.NotImplemented, body);
        (status, body) = await sample.Server.PostAsync("/v2/models/add_sub/infer", BesiegedServer.Good);
        Assert.True(status == HttpStatusCode.OK, body);
    }

    [Fact]
    public async Task EveryCall_OverRpc_IsRefused()
    {
        using var file = new SharedMemoryFile(64);
        var request = new ModelInferRequest { ModelName = "add_sub", Inputs = { Tensor("INPUT0"), Tensor("INPUT1") } };
        StatusCode[] refused = [StatusCode.InvalidArgument, StatusCode.NotFound, StatusCode.Unimplemented];
        Assert.Contains((await Assert.ThrowsAsync<RpcException>(async () => await sample.Server.Rpc.ModelInferAsync(request, cancellationToken: Token))).StatusCode, refused);
        Assert.Contains((await Assert.ThrowsAsync<RpcException>(async () => await sample.Server.Rpc.SystemSharedMemoryRegisterAsync(new() { Name = "r", Key = file.Key, ByteSize = 64 }, cancellationToken: Token))).StatusCode, refused);
        Assert.Contains((await Assert.ThrowsAsync<RpcException>(async () => await sample.Server.Rpc.SystemSharedMemoryUnregisterAsync(new(), cancellationToken: Token))).StatusCode, refused);
        Assert.Contains((await Assert.ThrowsAsync<RpcException>(async () => await sample.Server.Rpc.CudaSharedMemoryRegisterAsync(new() { Name = "r", ByteSize = 64 }, cancellationToken: Token))).StatusCode, refused);
        Assert.Contains((await Assert.ThrowsAsync<RpcException>(async () => await sample.Server.Rpc.CudaSharedMemoryUnregisterAsync(new(), cancellationToken: Token))).StatusCode, refused);

        static ModelInferRequest.Types.InferInputTensor Tensor(string name)
        {
            var tensor = new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = "FP32", Shape = { 1, 16 } };
            SharedMemory.SharedMemoryServer.Place(tensor.Parameters, 0, 64);
            return tensor;
        }
    }
}

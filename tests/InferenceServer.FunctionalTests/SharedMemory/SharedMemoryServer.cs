using System.Net;
using Inference;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.SharedMemory;

/// <summary>A server whose clients may register shared memory, with models that give a tensor of each type back.</summary>
internal sealed class SharedMemoryServer(TemporaryDirectory folder, RunningServer server) : IAsyncDisposable
{
    public RunningServer Server => server;

    public static async Task<SharedMemoryServer> StartAsync()
    {
        var folder = new TemporaryDirectory();
        foreach (var type in SharedTensorGen.Types)
        {
            for (var rank = 1; rank <= SharedTensorGen.MaxRank; rank++)
            {
                var tensor = $"data_type: TYPE_{(type == TensorDataType.Bytes ? "STRING" : type.ProtocolName())} dims: [ {string.Join(", ", Enumerable.Repeat(-1, rank))} ]";
                folder.Write($"{type.ProtocolName()}_{rank}/config.pbtxt", $$"""backend: "identity" max_batch_size: 0 input [ { name: "X" {{tensor}} } ] output [ { name: "Y" {{tensor}} } ]""");
                Directory.CreateDirectory(Path.Combine(folder.FullPath, $"{type.ProtocolName()}_{rank}", "1"));
            }
        }

        return new SharedMemoryServer(folder, await RunningServer.StartAsync(folder.FullPath, flags: ["--allow-client-shm=true"]));
    }

    public async Task RegisterAsync(string region, string key, long byteSize) =>
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync($"/v2/systemsharedmemory/region/{region}/register", $$"""{"key":"{{key}}","byte_size":{{byteSize}}}"""));

    /// <summary>Sends a tensor through its model over HTTP; returns the outputs as the response shows them.</summary>
    public async Task<(HttpStatusCode Status, string Body)> AskHttpAsync(SharedTensor tensor) => await server.PostAsync($"/v2/models/{tensor.Model}/infer", $$$"""
        {"inputs":[{"name":"X","datatype":"{{{tensor.DataType}}}","shape":[{{{string.Join(',', tensor.Shape)}}}],"parameters":{"shared_memory_region":"r","shared_memory_byte_size":{{{tensor.Content.Length}}},"shared_memory_offset":{{{tensor.InputOffset}}}}}],
         "outputs":[{"name":"Y","parameters":{"shared_memory_region":"r","shared_memory_byte_size":{{{tensor.OutputByteSize}}},"shared_memory_offset":{{{tensor.OutputOffset}}}}}]}
        """);

    /// <summary>Sends a tensor through its model over gRPC.</summary>
    public async Task<ModelInferResponse> AskRpcAsync(SharedTensor tensor)
    {
        var input = new ModelInferRequest.Types.InferInputTensor { Name = "X", Datatype = tensor.DataType, Shape = { tensor.Shape } };
        Place(input.Parameters, tensor.InputOffset, tensor.Content.Length);
        var output = new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "Y" };
        Place(output.Parameters, tensor.OutputOffset, tensor.OutputByteSize);
        return await server.Rpc.ModelInferAsync(new ModelInferRequest { ModelName = tensor.Model, Inputs = { input }, Outputs = { output } }, cancellationToken: TestContext.Current.CancellationToken);
    }

    public static void Place(Google.Protobuf.Collections.MapField<string, InferParameter> parameters, long offset, long byteSize)
    {
        parameters["shared_memory_region"] = new InferParameter { StringParam = "r" };
        parameters["shared_memory_byte_size"] = new InferParameter { Int64Param = byteSize };
        parameters["shared_memory_offset"] = new InferParameter { Int64Param = offset };
    }

    public async ValueTask DisposeAsync()
    {
        using (folder)
        {
            await server.DisposeAsync();
        }
    }
}

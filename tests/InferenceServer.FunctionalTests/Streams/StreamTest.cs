using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Streams;

/// <summary>A server with the models of <see cref="StreamRepository"/>, and the messages that its tests send.</summary>
internal sealed class StreamTest(TemporaryDirectory folder, RunningServer server) : IAsyncDisposable
{
    private bool _isDisposed;

    public RunningServer Server => server;

    public static async Task<StreamTest> StartAsync(params string[] flags)
    {
        var folder = new TemporaryDirectory();
        StreamRepository.Write(folder);
        return new StreamTest(folder, await RunningServer.StartAsync(folder.FullPath, flags: flags));
    }

    public static ModelInferRequest Repeat(string id, int[] values, uint delay = 0, bool wantsEmptyFinal = false) =>
        Repeat(id, values, [.. values.Select(_ => delay)], wantsEmptyFinal);

    public static ModelInferRequest Repeat(string id, int[] values, uint[] delays, bool wantsEmptyFinal = false)
    {
        var request = new ModelInferRequest { ModelName = "repeater", Id = id };
        request.Inputs.Add(Input("IN", values));
        request.Inputs.Add(UnsignedInput("DELAY", delays));
        request.Inputs.Add(UnsignedInput("WAIT", [0]));
        if (wantsEmptyFinal)
        {
            request.Parameters["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true };
        }

        return request;
    }

    public static ModelInferRequest Plain(string model, string id, int value)
    {
        var request = new ModelInferRequest { ModelName = model, Id = id };
        request.Inputs.Add(Input("X", [value]));
        return request;
    }

    public static ModelInferRequest.Types.InferInputTensor Input(string name, int[] values) =>
        new() { Name = name, Datatype = "INT32", Shape = { values.Length }, Contents = new InferTensorContents { IntContents = { values } } };

    public static ModelInferRequest.Types.InferInputTensor UnsignedInput(string name, uint[] values) =>
        new() { Name = name, Datatype = "UINT32", Shape = { values.Length }, Contents = new InferTensorContents { UintContents = { values } } };

    public AsyncDuplexStreamingCall<ModelInferRequest, ModelStreamInferResponse> Open(Metadata? metadata = null, DateTime? deadline = null) =>
        server.Rpc.ModelStreamInfer(metadata, deadline, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            await server.DisposeAsync();
            folder.Dispose();
        }
    }
}

using Google.Protobuf;
using InferenceServer.Core.Inference;
using InferenceServer.Microbenchmarks.Scheduling;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;
using InferenceServer.Protocols.KServe.Rpc;

namespace InferenceServer.Microbenchmarks.Messages;

/// <summary>An answer by way of a generated message.</summary>
internal sealed class GeneratedWriteStage : IStage, IDisposable
{
    private readonly StagedModel _model;
    private readonly InferenceResponse _response;
    private readonly SinkWriter _sink = new();

    public GeneratedWriteStage(TensorCase tensor)
    {
        _model = new StagedModel(tensor.Type);
        _response = _model.Response(tensor);
    }

    public void Run()
    {
        if (!InferResponseWriter.TryWrite(_response, null, out var message, out var error))
        {
            throw new InvalidOperationException(error.Message);
        }

        message.WriteTo(_sink);
    }

    public void Dispose()
    {
        _response.Dispose();
        _model.Dispose();
    }
}

using InferenceServer.Core.Inference;
using InferenceServer.Microbenchmarks.Scheduling;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;
using InferenceServer.Protocols.KServe.Rpc.Plain;

namespace InferenceServer.Microbenchmarks.Messages;

/// <summary>An answer written straight from the tensors.</summary>
internal sealed class PlainWriteStage : IStage, IDisposable
{
    private readonly StagedModel _model;
    private readonly InferenceResponse _response;
    private readonly SinkWriter _sink = new();

    public PlainWriteStage(TensorCase tensor)
    {
        _model = new StagedModel(tensor.Type);
        _response = _model.Response(tensor);
    }

    public void Run()
    {
        var writing = PlainAnswer.WriteAsync(_sink, _response, null, PlainAnswer.Measure(_response, null), CancellationToken.None);
        if (!writing.IsCompletedSuccessfully)
        {
            throw new InvalidOperationException("nobody has waited for a reader");
        }
    }

    public void Dispose()
    {
        _response.Dispose();
        _model.Dispose();
    }
}

using Inference;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Microbenchmarks.Binary;
using InferenceServer.Microbenchmarks.Scheduling;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Microbenchmarks.Messages;

/// <summary>Any message: by the generated reader, and then into a request.</summary>
internal sealed class GeneratedReadStage(byte[] message, TensorDataType type) : IStage, IDisposable
{
    private readonly StagedModel _model = new(type);
    private readonly ReplayedBody _body = new(message);

    public void Run()
    {
        using var request = new InferenceRequest(_model.Lease());
        SharedOutputs? outputs = null;
        var parsed = ModelInferRequest.Parser.ParseFrom(_body.Whole);
        if (InferRequestReader.Read(parsed, request, _model.Pool, _model.Shared, ref outputs) is { } error)
        {
            throw new InvalidOperationException(error.Message);
        }
    }

    public void Dispose() => _model.Dispose();
}

using InferenceServer.Core.Configuration;
using InferenceServer.Core.Memory;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Microbenchmarks.Json;

/// <summary>The text of a request, read into tensor memory.</summary>
internal sealed class JsonReadStage : IStage, IDisposable
{
    private readonly TensorPool _pool = new(new TensorPoolOptions());
    private readonly InferHeaderReader _reader;
    private readonly ModelConfig _model;
    private readonly byte[] _text;

    public JsonReadStage(TensorCase tensor)
    {
        _reader = new InferHeaderReader(_pool, new KServeHttpOptions());
        _model = SampleModel.Config(tensor.Type);
        _text = JsonRequest.Of(tensor);
    }

    public void Run()
    {
        using var header = InferHeader.Rent();
        if (_reader.Read(_text, _model, header) is { } error)
        {
            throw new InvalidOperationException(error.Message);
        }
    }

    public void Dispose() => _pool.Dispose();
}

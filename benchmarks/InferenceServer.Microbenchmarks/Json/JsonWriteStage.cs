using System.Collections.ObjectModel;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Memory;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Microbenchmarks.Json;

/// <summary>The text of an answer, written from tensor memory.</summary>
internal sealed class JsonWriteStage : IStage, IDisposable
{
    private readonly TensorPool _pool = new(new TensorPoolOptions());
    private readonly TensorView[] _outputs;

    public JsonWriteStage(TensorCase tensor)
    {
        var bytes = tensor.Bytes;
        var buffer = _pool.Rent(bytes.Length);
        bytes.CopyTo(buffer.Span);
        _outputs = [new TensorView(SampleModel.Output, tensor.Type, new TensorShape(1, tensor.Count), buffer)];
    }

    /// <summary>How long the text is.</summary>
    public long Length { get; private set; }

    public void Run()
    {
        using var header = InferHeader.Rent();
        using var text = PooledText.Rent(_pool);
        InferResponseText.Write(text, "1", SampleModel.Name, 1, ReadOnlyDictionary<string, ParameterValue>.Empty, _outputs, header);
        Length = text.Length;
    }

    public void Dispose()
    {
        _outputs[0].Dispose();
        _pool.Dispose();
    }
}

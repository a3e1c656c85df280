using InferenceServer.Microbenchmarks.Stages;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Microbenchmarks.Engines;

/// <summary>The same model by ONNX Runtime alone: one binding over values that were made once, run again and again.</summary>
internal sealed class OnnxFloor : IStage, IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly OrtIoBinding _binding;
    private readonly List<OrtValue> _values = [];

    public OnnxFloor(EngineModel model, int rows)
    {
        // On the threads of the backend, and without the arena, which is off there, too.
        OnnxStage.Prepare(model, out _);
        using var options = new SessionOptions { EnableCpuMemArena = false, EnableMemoryPattern = false };
        options.DisablePerSessionThreads();
        _session = new InferenceSession(model.File, options);
        _binding = _session.CreateIoBinding();
        foreach (var name in model.Inputs)
        {
            _binding.BindInput(name, Value(model.Shape(rows)));
        }

        foreach (var (name, output) in _session.OutputMetadata)
        {
            _binding.BindOutput(name, Value([.. output.Dimensions.Select(size => size < 0 ? rows : (long)size)], output.ElementType));
        }
    }

    public void Run() => _session.RunWithBinding(_options, _binding);

    public void Dispose()
    {
        _binding.Dispose();
        _values.ForEach(static value => value.Dispose());
        _options.Dispose();
        _session.Dispose();
    }

    private OrtValue Value(long[] shape, Type? type = null)
    {
        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type == typeof(long) ? Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64 : Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, shape);
        value.GetTensorMutableRawData().Clear();
        _values.Add(value);
        return value;
    }
}

using System.Diagnostics;
using InferenceServer.Bench;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tensor = InferenceServer.Bench.Models.Tensor;

namespace InferenceServer.LoadGenerator.Floors;

/// <summary>The engine by hand: one session as ONNX Runtime makes it when nothing is said, with everything bound once, run over and over. Nothing that serves a model on it can be faster.</summary>
internal sealed class BareLoop : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly OrtIoBinding _binding;
    private readonly List<OrtValue> _values = [];
    private readonly int _rows;

    /// <param name="file">The model's file.</param>
    /// <param name="inputs">One request's inputs; their rows are repeated.</param>
    /// <param name="batch">How many requests' rows an execution has.</param>
    public BareLoop(string file, IReadOnlyList<Tensor> inputs, int batch)
    {
        _rows = batch;
        _session = new InferenceSession(file);
        _binding = _session.CreateIoBinding();
        foreach (var input in inputs)
        {
            var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TypeOf(input.DataType), [input.Shape[0] * batch, .. input.Shape.Skip(1)]);
            var memory = value.GetTensorMutableRawData();
            for (var i = 0; i < batch; i++)
            {
                input.Data.CopyTo(memory[(i * input.Data.Length)..]);
            }

            _values.Add(value);
            _binding.BindInput(input.Name, value);
        }

        foreach (var name in _session.OutputNames)
        {
            _binding.BindOutputToDevice(name, OrtMemoryInfo.DefaultInstance);
        }
    }

    /// <summary>Runs for a while.</summary>
    /// <param name="warmUp">What is not counted.</param>
    /// <param name="measure">What is.</param>
    /// <returns>Requests' worth of rows a second.</returns>
    public double Run(TimeSpan warmUp, TimeSpan measure)
    {
        RunFor(warmUp);
        var started = Stopwatch.GetTimestamp();
        var runs = RunFor(measure);
        return runs * _rows / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public void Dispose()
    {
        _binding.Dispose();
        _values.ForEach(static value => value.Dispose());
        _options.Dispose();
        _session.Dispose();
    }

    private static TensorElementType TypeOf(string dataType) => dataType switch
    {
        "FP32" => TensorElementType.Float,
        "FP64" => TensorElementType.Double,
        "FP16" => TensorElementType.Float16,
        "INT64" => TensorElementType.Int64,
        "INT32" => TensorElementType.Int32,
        "UINT8" => TensorElementType.UInt8,
        _ => throw new BenchException($"a loop without a server is made of inputs of FP16, FP32, FP64, INT32, INT64 and UINT8, got {dataType}"),
    };

    private long RunFor(TimeSpan time)
    {
        var runs = 0L;
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < time; runs++)
        {
            _session.RunWithBinding(_options, _binding);
        }

        return runs;
    }
}

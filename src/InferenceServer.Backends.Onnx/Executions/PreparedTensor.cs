using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>A tensor of a <see cref="PreparedRun"/>: memory of the run's own, and the engine's view of it.</summary>
internal readonly struct PreparedTensor : IDisposable
{
    /// <param name="name">The engine's name of it.</param>
    /// <param name="type">Its data type, of a fixed size.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="pointer">Where its elements are to be; not this value's to free.</param>
    /// <param name="length">How many bytes they take.</param>
    public PreparedTensor(string name, TensorDataType type, in TensorShape shape, nint pointer, long length)
    {
        Name = name;
        Shape = shape;
        Pointer = pointer;
        Length = length;
        Value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, ElementTypes.ToEngine(type), shape.AsSpan().ToArray(), pointer, length);
    }

    public string Name { get; }

    public TensorShape Shape { get; }

    public nint Pointer { get; }

    public long Length { get; }

    public OrtValue Value { get; }

    public void Dispose() => Value?.Dispose();
}

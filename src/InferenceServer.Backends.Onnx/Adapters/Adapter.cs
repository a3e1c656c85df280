using System.Runtime.InteropServices;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Adapters;

/// <summary>A loaded adapter: tensors in memory of their own, which any number of runs may use at once, since none writes to them.</summary>
internal sealed unsafe class Adapter : IDisposable
{
    private const int Alignment = 64;

    private readonly List<OrtValue> _values = [];
    private void* _memory;

    /// <summary>Copies the elements out of a file.</summary>
    /// <param name="name">What requests call it.</param>
    /// <param name="tensors">Its parameters.</param>
    /// <param name="file">The file that they lie in.</param>
    public Adapter(string name, IReadOnlyList<AdapterTensor> tensors, ReadOnlySpan<byte> file)
    {
        Name = name;
        Tensors = tensors;
        var places = tensors.Select(static tensor => (long)Round(tensor.Length)).ToList();
        _memory = NativeMemory.AlignedAlloc((nuint)places.Sum(), Alignment);
        try
        {
            var place = (byte*)_memory;
            for (var i = 0; i < tensors.Count; i++)
            {
                var tensor = tensors[i];
                file.Slice(tensor.Start, tensor.Length).CopyTo(new Span<byte>(place, tensor.Length));
                _values.Add(OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, ElementTypes.ToEngine(tensor.DataType), tensor.Shape.AsSpan().ToArray(), (nint)place, tensor.Length));
                place += places[i];
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name { get; }

    /// <summary>Its parameters, in the order of <see cref="Value"/>.</summary>
    public IReadOnlyList<AdapterTensor> Tensors { get; }

    /// <summary>The engine's form of a parameter.</summary>
    public OrtValue Value(int tensor) => _values[tensor];

    public void Dispose()
    {
        _values.ForEach(static value => value.Dispose());
        _values.Clear();
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    // One of no elements has a place too: the engine refuses a null pointer.
    private static int Round(int length) => checked(((Math.Max(1, length) + Alignment - 1) / Alignment) * Alignment);
}

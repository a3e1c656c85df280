using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>Gives a batch's inputs to the engine, in place wherever that is possible.</summary>
internal sealed unsafe class InputBinder(OrtIoBinding binding)
{
    private const int CopyAlignment = 64;

    /// <summary>The engine refuses a null pointer even for no elements, so an empty tensor gets this address. Never read or written.</summary>
    private static readonly nint s_nothing = (nint)NativeMemory.AlignedAlloc(CopyAlignment, CopyAlignment);

    private readonly List<OrtValue> _values = [];
    private readonly List<(nint Address, long Length)> _copies = [];

    /// <exception cref="BackendException">A tensor's bytes do not fit its type and shape.</exception>
    public void Bind(ReadOnlySpan<TensorView> inputs)
    {
        foreach (ref readonly var input in inputs)
        {
            var value = input.DataType == TensorDataType.Bytes ? StringTensors.Read(input) : Wrap(input);
            _values.Add(value);
            binding.BindInput(input.Name, value);
        }
    }

    /// <summary>True when the address lies in a copy that <see cref="Release"/> will free.</summary>
    public bool OwnsCopyAt(nint address) => _copies.Exists(copy => address >= copy.Address && address < copy.Address + (nint)copy.Length);

    /// <summary>Frees what <see cref="Bind"/> made. The bindings must be cleared already.</summary>
    public void Release()
    {
        foreach (var value in _values)
        {
            value.Dispose();
        }

        foreach (var copy in _copies)
        {
            NativeMemory.AlignedFree((void*)copy.Address);
        }

        _values.Clear();
        _copies.Clear();
    }

    private OrtValue Wrap(in TensorView input)
    {
        if (!input.Shape.TryGetByteCount(input.DataType, out var expected) || expected != input.Length)
        {
            throw new BackendException(
                ErrorCode.InvalidArgument,
                $"input '{input.Name}' of the type {input.DataType.ProtocolName()} and shape {input.Shape}: expected {expected} bytes, got {input.Length}");
        }

        return OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, ElementTypes.ToEngine(input.DataType), input.Shape.AsSpan().ToArray(), Place(input), input.Length);
    }

    private nint Place(in TensorView input)
    {
        if (input.Length == 0)
        {
            return s_nothing;
        }

        if (input.Pointer % input.DataType.ElementSize() == 0)
        {
            return input.Pointer;
        }

        // Kernels load whole elements and vectors; a slice at an odd address would be undefined behaviour in them.
        var copy = NativeMemory.AlignedAlloc((nuint)input.Length, CopyAlignment);
        _copies.Add(((nint)copy, input.Length));
        Buffer.MemoryCopy((void*)input.Pointer, copy, input.Length, input.Length);
        return (nint)copy;
    }
}

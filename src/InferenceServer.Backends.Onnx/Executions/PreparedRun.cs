using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>
/// Executions of one set of small shapes, whose memory, values and bindings are made once. To make and to free those anew costs more than a small model takes; copying a few kilobytes
/// does not.
/// </summary>
internal sealed unsafe class PreparedRun : IDisposable
{
    /// <summary>The most bytes of inputs and outputs together, above which the copies would cost more than they save.</summary>
    public const long MaxBytes = 32 << 10;

    private const int Alignment = 64;

    private readonly ShapeSet _shapes;
    private readonly PreparedTensor[] _inputs;
    private readonly PreparedTensor[] _outputs;
    private readonly OrtIoBinding _binding;
    private void* _memory;
    private bool _isProven;

    /// <summary>Makes it, for the inputs and the outputs that a run has had.</summary>
    /// <param name="session">What it will run on.</param>
    /// <param name="signature">What that takes and gives: tensors of fixed sizes only.</param>
    /// <param name="shapes">The shapes, which fit it.</param>
    /// <exception cref="OnnxRuntimeException">The engine refuses.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory.</exception>
    public PreparedRun(InferenceSession session, ModelSignature signature, ShapeSet shapes)
    {
        _shapes = shapes;
        _inputs = new PreparedTensor[shapes.Inputs.Length];
        _outputs = new PreparedTensor[shapes.Outputs.Length];
        _memory = NativeMemory.AlignedAlloc((nuint)shapes.MeasureBytes(Alignment), Alignment);
        _binding = session.CreateIoBinding();
        try
        {
            var next = (nint)_memory;
            for (var i = 0; i < _inputs.Length; i++)
            {
                var input = shapes.Inputs[i];
                _inputs[i] = new PreparedTensor(input.Name, input.DataType, input.Shape, next, input.Length);
                _binding.BindInput(input.Name, _inputs[i].Value);
                next += (nint)ShapeSet.Align(input.Length, Alignment);
            }

            for (var i = 0; i < _outputs.Length; i++)
            {
                var output = shapes.Outputs[i];
                _outputs[i] = new PreparedTensor(output.Name, output.DataType, output.Shape, next, output.Length);
                _binding.BindOutput(output.Name, _outputs[i].Value);
                next += (nint)ShapeSet.Align(output.Length, Alignment);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>True when these inputs have its shapes.</summary>
    public bool Fits(ReadOnlySpan<TensorView> inputs) => _shapes.Fits(inputs);

    /// <summary>Copies the inputs in, runs, and copies the outputs out.</summary>
    /// <param name="run">Runs the session with the binding.</param>
    /// <param name="batch">The execution, whose inputs fit.</param>
    /// <returns>False when the engine has put an output elsewhere: nothing has been given, and it is of no use.</returns>
    /// <exception cref="OnnxRuntimeException">The run failed, or an output has another shape than before.</exception>
    public bool TryRun(Action<OrtIoBinding, ExecutionBatch> run, ExecutionBatch batch)
    {
        var inputs = batch.Inputs;
        for (var i = 0; i < inputs.Length; i++)
        {
            Buffer.MemoryCopy((void*)inputs[i].Pointer, (void*)_inputs[i].Pointer, _inputs[i].Length, inputs[i].Length);
        }

        run(_binding, batch);
        if (!_isProven && !HasOutputsInPlace())
        {
            return false;
        }

        _isProven = true;
        for (var i = 0; i < _outputs.Length; i++)
        {
            ref readonly var output = ref _outputs[i];
            var memory = batch.AllocateOutput(i, output.Shape, output.Length);
            Buffer.MemoryCopy((void*)output.Pointer, (void*)memory.Pointer, memory.Length, output.Length);
        }

        return true;
    }

    public void Dispose()
    {
        _binding.Dispose();
        foreach (var tensor in _inputs)
        {
            tensor.Dispose();
        }

        foreach (var tensor in _outputs)
        {
            tensor.Dispose();
        }

        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    /// <summary>An output that is one of the graph's inputs or constants is that value itself, whatever was bound. It is so for every run or for none.</summary>
    private bool HasOutputsInPlace()
    {
        using var values = _binding.GetOutputValues();
        for (var i = 0; i < _outputs.Length; i++)
        {
            fixed (byte* pointer = values[i].GetTensorMutableRawData())
            {
                if ((nint)pointer != _outputs[i].Pointer)
                {
                    return false;
                }
            }
        }

        return true;
    }
}

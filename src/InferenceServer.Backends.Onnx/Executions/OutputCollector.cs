using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>Hands the engine's outputs on without copying them: the batch becomes the owner of the engine's memory.</summary>
internal static class OutputCollector
{
    /// <summary>Gives every bound output to the batch, in the order in which they were bound: the model's. The shapes of those that are tensors come into <paramref name="shapes"/>.</summary>
    public static void Collect(OrtIoBinding binding, InputBinder inputs, SessionSignature signature, ExecutionBatch batch, Span<TensorShape> shapes)
    {
        var values = binding.GetOutputValues();
        var next = 0;
        try
        {
            foreach (var output in signature.Outputs)
            {
                if (!IsWanted(output, batch))
                {
                    continue;
                }

                if (output.Form == OutputForm.Tensor)
                {
                    shapes[output.Place] = Give(batch, inputs, output.Place, signature.Tensors.Outputs[output.Place], values[next++]);
                }
                else
                {
                    using var value = values[next++];
                    Flattener.Give(value, output, signature.Tensors.Outputs, batch);
                }
            }
        }
        finally
        {
            // Those that were given have their own way to be freed; after a failure the rest have none.
            for (; next < values.Count; next++)
            {
                values[next].Dispose();
            }
        }
    }

    /// <summary>True when a request wants the tensor or one of the tensors that the output is put into.</summary>
    public static bool IsWanted(EngineOutput output, ExecutionBatch batch) =>
        batch.IsRequested(output.Place) || (output.HasKeys && batch.IsRequested(output.Place + 1));

    /// <summary>The shape of a value.</summary>
    /// <exception cref="BackendException">It has more dimensions than can be carried.</exception>
    public static TensorShape ReadShape(TensorSpec spec, OrtValue value)
    {
        var dimensions = value.GetTensorTypeAndShape().Shape;
        return dimensions.Length <= TensorShape.MaxRank
            ? new TensorShape(dimensions)
            : throw new BackendException(
                ErrorCode.Unsupported, $"output '{spec.Name}' has {dimensions.Length} dimensions, expected at most {TensorShape.MaxRank}");
    }

    private static TensorShape Give(ExecutionBatch batch, InputBinder inputs, int output, TensorSpec spec, OrtValue value)
    {
        var kept = false;
        try
        {
            var shape = ReadShape(spec, value);
            if (spec.DataType == TensorDataType.Bytes)
            {
                StringTensors.Write([value], output, shape, batch);
                return shape;
            }

            if (!shape.TryGetByteCount(spec.DataType, out var length) || length > int.MaxValue)
            {
                throw new BackendException(ErrorCode.Unsupported, $"output '{spec.Name}' of the shape {shape} is larger than 2 GiB");
            }

            var memory = value.GetTensorMutableRawData();
            if (memory.Length != length)
            {
                throw new BackendException($"output '{spec.Name}' of the type {spec.DataType.ProtocolName()} and shape {shape} has {memory.Length} bytes, expected {length}");
            }

            var pointer = PointerTo(memory);
            if (IsInputMemory(batch.Inputs, pointer) || inputs.OwnsCopyAt(pointer))
            {
                // A graph that returns an input returns its very memory, which ends with the batch.
                memory.CopyTo(batch.AllocateOutput(output, shape, length).Span);
                return shape;
            }

            kept = true;
            batch.AdoptOutput(output, TensorBuffer.Adopt(pointer, length, value), shape);
            return shape;
        }
        finally
        {
            if (!kept)
            {
                value.Dispose();
            }
        }
    }

    private static bool IsInputMemory(ReadOnlySpan<TensorView> inputs, nint pointer)
    {
        foreach (ref readonly var input in inputs)
        {
            if (pointer >= input.Pointer && pointer < input.Pointer + (nint)input.Length)
            {
                return true;
            }
        }

        return false;
    }

    private static unsafe nint PointerTo(Span<byte> memory) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory));
}

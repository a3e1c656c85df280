using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>The shapes of one execution's inputs and outputs, if it is of the kind that can be prepared.</summary>
internal sealed class ShapeSet
{
    private ShapeSet(Entry[] inputs, Entry[] outputs)
    {
        Inputs = inputs;
        Outputs = outputs;
    }

    /// <summary>The inputs, in the order of the execution.</summary>
    public Entry[] Inputs { get; }

    /// <summary>The outputs, in the order of the signature.</summary>
    public Entry[] Outputs { get; }

    /// <summary>Describes an execution; null when it cannot be prepared: it is large, or something of it is empty or of no fixed size.</summary>
    /// <param name="signature">What the model takes and gives.</param>
    /// <param name="inputs">What it was given.</param>
    /// <param name="outputs">The shapes of what it gave, in the order of the signature.</param>
    public static ShapeSet? Of(ModelSignature signature, ReadOnlySpan<TensorView> inputs, ReadOnlySpan<TensorShape> outputs)
    {
        var bytes = 0L;
        var taken = new Entry[inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            ref readonly var input = ref inputs[i];
            if (!input.Shape.TryGetByteCount(input.DataType, out var length) || length == 0 || length != input.Length || (bytes += length) > PreparedRun.MaxBytes)
            {
                return null;
            }

            taken[i] = new Entry(input.Name, input.DataType, input.Shape, length);
        }

        var given = new Entry[outputs.Length];
        for (var i = 0; i < outputs.Length; i++)
        {
            var output = signature.Outputs[i];
            if (!outputs[i].TryGetByteCount(output.DataType, out var length) || length == 0 || (bytes += length) > PreparedRun.MaxBytes)
            {
                return null;
            }

            given[i] = new Entry(output.Name, output.DataType, outputs[i], length);
        }

        return new ShapeSet(taken, given);
    }

    /// <summary>A length rounded up to whole units.</summary>
    public static long Align(long length, int unit) => (length + unit - 1) / unit * unit;

    /// <summary>What all of them take when each begins at a multiple of a unit.</summary>
    public long MeasureBytes(int unit) => Inputs.Sum(input => Align(input.Length, unit)) + Outputs.Sum(output => Align(output.Length, unit));

    /// <summary>True when these are inputs of the same names, types and shapes.</summary>
    public bool Fits(ReadOnlySpan<TensorView> inputs)
    {
        if (inputs.Length != Inputs.Length)
        {
            return false;
        }

        for (var i = 0; i < inputs.Length; i++)
        {
            ref readonly var wanted = ref Inputs[i];
            ref readonly var given = ref inputs[i];
            if (given.Length != wanted.Length || given.DataType != wanted.DataType || given.Name != wanted.Name || given.Shape != wanted.Shape)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True when the other describes the same.</summary>
    public bool Matches(ShapeSet other) => Inputs.AsSpan().SequenceEqual(other.Inputs) && Outputs.AsSpan().SequenceEqual(other.Outputs);

    /// <summary>One tensor.</summary>
    internal readonly record struct Entry(string Name, TensorDataType DataType, TensorShape Shape, long Length);
}

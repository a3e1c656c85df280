using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Ensembles;

/// <summary>Puts what the items of a step have answered together, in their order, along a new first dimension.</summary>
internal static class ItemGather
{
    /// <summary>Makes one tensor of one output.</summary>
    /// <param name="step">The step.</param>
    /// <param name="name">The name of the ensemble's tensor.</param>
    /// <param name="expected">The output of the model.</param>
    /// <param name="isBatching">True when the model batches, so that each item was one row.</param>
    /// <param name="parts">The output of each item; their counts stay their owners'.</param>
    /// <param name="allocator">Where the memory comes from.</param>
    /// <param name="gathered">The tensor, when there is no error.</param>
    public static InferenceError? TryGather(PlanStep step, string name, ModelTensor expected, bool isBatching, ReadOnlySpan<TensorView> parts, ITensorAllocator allocator, out TensorView gathered)
    {
        gathered = default;
        var total = 0L;
        var first = parts.IsEmpty ? EmptyItem(expected) : ItemShape(parts[0].Shape, isBatching);
        for (var i = 0; i < parts.Length; i++)
        {
            var shape = ItemShape(parts[i].Shape, isBatching);
            if (shape != first)
            {
                return EnsembleErrors.ShapesDiffer(step, expected.Name, i, first, shape);
            }

            total += parts[i].Length;
        }

        if (first.Rank == TensorShape.MaxRank)
        {
            return EnsembleErrors.Output(expected.Name, expected.Shape, first);
        }

        TensorBuffer buffer;
        try
        {
            buffer = allocator.Rent(total);
        }
        catch (BackendException failure)
        {
            return EnsembleErrors.Memory(step, failure);
        }

        gathered = new TensorView(name, expected.DataType, first.Prepend(parts.Length), buffer);
        var offset = 0L;
        foreach (ref readonly var part in parts)
        {
            part.Span.CopyTo(buffer.Slice(offset, (int)part.Length));
            offset += part.Length;
        }

        return null;
    }

    private static TensorShape ItemShape(in TensorShape shape, bool isBatching) => isBatching && shape.Rank > 0 ? shape.WithoutFirst() : shape;

    /// <summary>Of no items nothing is known but what the model says of one; where it says nothing there is nothing.</summary>
    private static TensorShape EmptyItem(ModelTensor expected)
    {
        Span<long> dims = stackalloc long[expected.Dims.Rank];
        for (var i = 0; i < dims.Length; i++)
        {
            dims[i] = Math.Max(0, expected.Dims[i]);
        }

        return new TensorShape(dims);
    }
}

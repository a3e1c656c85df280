using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Sequences;

/// <summary>One state: makes the model's input from what sequences hold, and cuts the model's output into what they will hold.</summary>
/// <param name="config">Its names, type and shape.</param>
/// <param name="index">Its place among the states.</param>
/// <param name="output">Its output's place in the signature.</param>
/// <param name="initial">What it holds at the beginning.</param>
/// <param name="isBatching">True when there is a batch dimension.</param>
/// <param name="allocator">Where the memory comes from.</param>
internal sealed class StateTensor(SequenceStateConfig config, int index, int output, InitialState initial, bool isBatching, ITensorAllocator allocator)
{
    public int Output => output;

    /// <summary>The input of an execution. The only row of one goes in as it is; several are put together.</summary>
    public TensorView Make(ReadOnlySpan<PendingInference?> rows)
    {
        if (rows.Length == 1 && rows[0]?.Step?.Sequence?.Memory is { } memory && memory.TryRead(index, out var only))
        {
            return new TensorView(config.InputName, config.DataType, WithRows(only.Shape, 1), only.Buffer, only.Offset, only.Length);
        }

        var parts = new TensorView[rows.Length];
        try
        {
            return Gather(rows, parts);
        }
        finally
        {
            foreach (var part in parts)
            {
                part.Dispose();
            }
        }
    }

    /// <summary>What each member will hold. The views borrow the batch's memory.</summary>
    /// <exception cref="BackendException">The output is missing or has another shape than it may have.</exception>
    public TensorView[] Cut(LaneBatch batch, ReadOnlySpan<PendingInference> members)
    {
        var whole = batch.State(output);
        if (whole.Buffer is null)
        {
            throw new BackendException($"the model gave no output '{config.OutputName}', which is a state of its sequences");
        }

        var item = isBatching ? whole.Shape.WithoutFirst() : whole.Shape;
        if (!config.Dims.Accepts(item))
        {
            throw new BackendException($"the model gave output '{config.OutputName}' the shape {whole.Shape}, expected {WithRows(config.Dims, batch.Rows)}, since it is a state of its sequences");
        }

        var cut = new TensorView[members.Length];
        var offset = 0L;
        var row = 0;
        for (var i = 0; i < members.Length; i++)
        {
            offset += Measure(whole, item, offset, batch.FirstRowOf(i) - row, batch.Rows);
            var length = Measure(whole, item, offset, members[i].Rows, batch.Rows);
            row = batch.FirstRowOf(i) + members[i].Rows;

            // With several rows of one member, which only warm-ups have, nobody reads it.
            cut[i] = new TensorView(config.InputName, config.DataType, item, whole.Buffer, whole.Offset + offset, length);
            offset += length;
        }

        return cut;
    }

    private static long Measure(in TensorView whole, in TensorShape item, long offset, int rows, int totalRows)
    {
        if (whole.DataType != TensorDataType.Bytes)
        {
            return whole.Length / totalRows * rows;
        }

        item.TryGetElementCount(out var elements);
        return BytesTensor.MeasurePrefix(whole.Span[(int)offset..], elements * rows);
    }

    private TensorView Gather(ReadOnlySpan<PendingInference?> rows, TensorView[] parts)
    {
        // All that share an execution have the same shape; what nobody has is empty in it.
        TensorShape? shape = null;
        foreach (var member in rows)
        {
            shape ??= member is null ? null : member.Step?.ShapeOf(index) ?? initial.Shape;
        }

        shape!.Value.TryGetElementCount(out var elements);
        var nothing = elements * (config.DataType == TensorDataType.Bytes ? BytesTensor.PrefixSize : config.DataType.ElementSize());
        var length = 0L;
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row]?.Step?.Sequence?.Memory is { } memory && memory.TryRead(index, out parts[row]))
            {
                length = checked(length + parts[row].Length);
            }
            else
            {
                length = checked(length + (rows[row] is null ? nothing : initial.Content.Length));
            }
        }

        var buffer = allocator.Rent(length);
        var offset = 0L;
        for (var row = 0; row < rows.Length; row++)
        {
            if (parts[row].Buffer is not null)
            {
                Copy(parts[row], buffer, offset);
                offset += parts[row].Length;
            }
            else if (rows[row] is null)
            {
                Clear(buffer, offset, nothing);
                offset += nothing;
            }
            else
            {
                initial.Content.AsSpan().CopyTo(buffer.Slice(offset, initial.Content.Length));
                offset += initial.Content.Length;
            }
        }

        return new TensorView(config.InputName, config.DataType, WithRows(shape.Value, rows.Length), buffer);
    }

    private TensorShape WithRows(in TensorShape item, long rows) => isBatching ? item.Prepend(rows) : item;

    private static unsafe void Copy(in TensorView source, TensorBuffer destination, long offset) =>
        Buffer.MemoryCopy((void*)source.Pointer, (void*)(destination.Pointer + (nint)offset), destination.Length - offset, source.Length);

    private static unsafe void Clear(TensorBuffer destination, long offset, long length) =>
        System.Runtime.InteropServices.NativeMemory.Clear((void*)(destination.Pointer + (nint)offset), checked((nuint)length));
}

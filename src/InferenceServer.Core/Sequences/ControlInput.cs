using System.Buffers.Binary;
using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Sequences;

/// <summary>Makes one control input: an element a row.</summary>
internal sealed class ControlInput
{
    private readonly SequenceControlConfig _control;
    private readonly TensorShape _item;
    private readonly bool _isBatching;
    private readonly ITensorAllocator _allocator;

    /// <param name="control">What it tells.</param>
    /// <param name="shape">The input's shape in the model: with a batch dimension [rows, 1] or [rows], without one [1] or a scalar.</param>
    /// <param name="isBatching">True when there is a batch dimension.</param>
    /// <param name="allocator">Where the memory comes from.</param>
    public ControlInput(SequenceControlConfig control, TensorShape shape, bool isBatching, ITensorAllocator allocator)
    {
        _control = control;
        _item = shape.Rank > (isBatching ? 1 : 0) ? new TensorShape(1) : TensorShape.Scalar;
        _isBatching = isBatching;
        _allocator = allocator;
    }

    public TensorView Make(ReadOnlySpan<PendingInference?> rows)
    {
        var buffer = _control.DataType == TensorDataType.Bytes ? MakeTexts(rows) : MakeNumbers(rows);
        return new TensorView(_control.Name, _control.DataType, _isBatching ? _item.Prepend(rows.Length) : _item, buffer);
    }

    private TensorBuffer MakeNumbers(ReadOnlySpan<PendingInference?> rows)
    {
        var size = _control.DataType.ElementSize();
        var buffer = _allocator.Rent((long)rows.Length * size);
        Span<byte> id = stackalloc byte[sizeof(ulong)];
        for (var row = 0; row < rows.Length; row++)
        {
            var element = buffer.Slice((long)row * size, size);
            if (_control.Kind == SequenceControlKind.CorrelationId)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(id, rows[row]?.Step?.Id.Number ?? 0);
                id[..size].CopyTo(element);
            }
            else
            {
                (Says(rows[row]) ? _control.True : _control.False).AsSpan().CopyTo(element);
            }
        }

        return buffer;
    }

    private TensorBuffer MakeTexts(ReadOnlySpan<PendingInference?> rows)
    {
        var length = 0L;
        foreach (var member in rows)
        {
            length += BytesTensor.PrefixSize + Encoding.UTF8.GetByteCount(member?.Step?.Id.Text ?? "");
        }

        var buffer = _allocator.Rent(length);
        var rest = buffer.Span;
        foreach (var member in rows)
        {
            var written = Encoding.UTF8.GetBytes(member?.Step?.Id.Text ?? "", rest[BytesTensor.PrefixSize..]);
            BinaryPrimitives.WriteUInt32LittleEndian(rest, (uint)written);
            rest = rest[(BytesTensor.PrefixSize + written)..];
        }

        return buffer;
    }

    /// <summary>What warms up is a sequence of one request.</summary>
    private bool Says(PendingInference? member) => member is not null && _control.Kind switch
    {
        SequenceControlKind.Start => member.Step?.IsStart ?? true,
        SequenceControlKind.End => member.Step is null || member.Step is { IsEnd: true, Continue: null },
        _ => true,
    };
}

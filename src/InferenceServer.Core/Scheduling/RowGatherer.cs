using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Scheduling;

/// <summary>Puts an input together for an execution in which some rows have nothing to do: zeros, or empty strings, are in those.</summary>
internal static class RowGatherer
{
    /// <param name="rows">Who has which row, one each; null for nobody. At least one has somebody.</param>
    /// <param name="input">The input, by its place in each request.</param>
    /// <param name="allocator">Where the memory comes from.</param>
    public static TensorView Gather(ReadOnlySpan<PendingInference?> rows, int input, ITensorAllocator allocator)
    {
        var representative = Representative(rows).Request.Inputs[input];
        representative.Shape.TryGetElementCount(out var elements);
        var nothing = elements * (representative.DataType == TensorDataType.Bytes ? BytesTensor.PrefixSize : representative.DataType.ElementSize());
        var length = 0L;
        foreach (var member in rows)
        {
            length = checked(length + (member?.Request.Inputs[input].Length ?? nothing));
        }

        var buffer = allocator.Rent(length);
        var offset = 0L;
        foreach (var member in rows)
        {
            offset += Write(member, input, buffer, offset, nothing);
        }

        return new TensorView(representative.Name, representative.DataType, representative.Shape.WithFirst(rows.Length), buffer);
    }

    private static PendingInference Representative(ReadOnlySpan<PendingInference?> rows)
    {
        foreach (var member in rows)
        {
            if (member is not null)
            {
                return member;
            }
        }

        throw new ArgumentException("nobody has a row", nameof(rows));
    }

    private static unsafe long Write(PendingInference? member, int input, TensorBuffer buffer, long offset, long nothing)
    {
        var target = (void*)(buffer.Pointer + (nint)offset);
        if (member is null)
        {
            NativeMemory.Clear(target, checked((nuint)nothing));
            return nothing;
        }

        var part = member.Request.Inputs[input];
        Buffer.MemoryCopy((void*)part.Pointer, target, buffer.Length - offset, part.Length);
        return part.Length;
    }
}

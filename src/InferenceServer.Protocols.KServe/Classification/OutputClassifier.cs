using System.Numerics;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Protocols.KServe.Classification;

/// <summary>
/// Turns an output into its best classes, as the classification extension has it: BYTES of the shape <c>[k]</c>, or <c>[batch,k]</c> when the
/// model batches, where k is at most the number of classes.
/// </summary>
internal static class OutputClassifier
{
    /// <summary>The most elements that one row may have.</summary>
    public const int MaxClasses = 1_000_000;

    /// <summary>Replaces the output of that name, if the response has it.</summary>
    /// <param name="response">The response; it stays whole when there is an error.</param>
    /// <param name="requested">The output and how many classes of it.</param>
    /// <param name="allocator">Where the memory of the new tensor comes from.</param>
    /// <param name="cancellationToken">Ends the work between two rows.</param>
    /// <returns>Why the output cannot be classified, or null.</returns>
    public static InferenceError? Apply(InferenceResponse response, in RequestedClasses requested, ITensorAllocator allocator, CancellationToken cancellationToken)
    {
        for (var i = 0; i < response.Outputs.Length; i++)
        {
            var output = response.Outputs[i];
            if (output.Name != requested.Output)
            {
                continue;
            }

            var labels = response.Model.Labels.GetValueOrDefault(output.Name, ClassLabels.None);
            try
            {
                var error = Classify(output, response.Model.Config.IsBatching, requested.Count, labels, allocator, cancellationToken, out var classes);
                if (error is null)
                {
                    response.ReplaceOutput(i, classes);
                }

                return error;
            }
            catch (BackendException exception)
            {
                // The memory for the classes is not to be had.
                return new InferenceError(exception.Code, exception.Message);
            }
        }

        return null;
    }

    private static InferenceError? Classify(in TensorView output, bool isBatching, int count, ClassLabels labels, ITensorAllocator allocator, CancellationToken cancellationToken, out TensorView classes)
    {
        classes = default;
        return output.DataType switch
        {
            TensorDataType.UInt8 => Classify<byte>(output, isBatching, count, labels, allocator, cancellationToken, out classes),
            TensorDataType.UInt16 => Classify<ushort>(output, isBatching, count, labels, allocator, cancellationToken, out classes),
            TensorDataType.UInt32 => Classify<uint>(output, isBatching, count, labels, allocator, cancellationToken, out classes),
            TensorDataType.UInt64 => Classify<ulong>(output, isBatching, count, labels, allocator, cancellationToken, out classes),
            TensorDataType.Int8 => Classify<sbyte>(output, isBatching, count, labels, allocator, cancellationToken, out classes),
            TensorDataType.Int16 => Classify<short>(output, isBatching, count, labels, allocator, cancellationToken, out classes),
            TensorDataType.Int32 => Classify<int>(output, isBatching, count, labels, allocator, cancellationToken, out classes),
            TensorDataType.Int64 => Classify<long>(output, isBatching, count, labels, allocator, cancellationToken, out classes),
            TensorDataType.Fp32 => Classify<float>(output, isBatching, count, labels, allocator, cancellationToken, out classes),
            TensorDataType.Fp64 => Classify<double>(output, isBatching, count, labels, allocator, cancellationToken, out classes),
            _ => UnsupportedType(output),
        };
    }

    private static InferenceError? Classify<T>(in TensorView output, bool isBatching, int count, ClassLabels labels, ITensorAllocator allocator, CancellationToken cancellationToken, out TensorView classes)
        where T : unmanaged, INumber<T>
    {
        classes = default;
        var rows = isBatching && output.Shape.Rank > 0 ? output.Shape[0] : 1;
        output.Shape.TryGetElementCount(out var elements);
        var perRow = rows == 0 ? 0 : elements / rows;
        if (perRow > MaxClasses)
        {
            return TooLarge(output, perRow);
        }

        // A row without elements has no best class; the answer then is as empty as the output.
        var perAnswer = (int)Math.Min(count, perRow);
        if (rows * perAnswer > Array.MaxLength)
        {
            return TooLarge(output, rows * perAnswer);
        }

        var best = new int[rows * perAnswer];
        var length = 0L;
        for (var row = 0L; row < rows && perAnswer > 0; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var values = Row<T>(output, row, (int)perRow);
            var places = best.AsSpan((int)row * perAnswer, perAnswer);
            TopClasses.Select(values, places);
            length += Measure(values, places, labels);
        }

        if (length > int.MaxValue)
        {
            return TooLarge(output, rows * perAnswer);
        }

        var buffer = allocator.Rent(length);
        var written = 0;
        for (var row = 0; row < rows && perAnswer > 0; row++)
        {
            written += Write(buffer.Span[written..], Row<T>(output, row, (int)perRow), best.AsSpan(row * perAnswer, perAnswer), labels);
        }

        var shape = isBatching ? new TensorShape(rows, perAnswer) : new TensorShape(perAnswer);
        classes = new TensorView(output.Name, TensorDataType.Bytes, shape, buffer);
        return null;
    }

    private static ReadOnlySpan<T> Row<T>(in TensorView output, long row, int perRow)
        where T : unmanaged
    {
        var size = output.DataType.ElementSize();
        return MemoryMarshal.Cast<byte, T>(output.Buffer.Slice(output.Offset + (row * perRow * size), perRow * size));
    }

    private static long Measure<T>(ReadOnlySpan<T> values, ReadOnlySpan<int> places, ClassLabels labels)
        where T : unmanaged, INumber<T>
    {
        Span<byte> text = stackalloc byte[ClassText.MaxHeadLength];
        var length = 0L;
        foreach (var place in places)
        {
            var label = labels[place];
            length += BytesTensor.PrefixSize + ClassText.WriteHead(text, values[place], place, !label.IsEmpty) + label.Length;
        }

        return length;
    }

    private static int Write<T>(Span<byte> destination, ReadOnlySpan<T> values, ReadOnlySpan<int> places, ClassLabels labels)
        where T : unmanaged, INumber<T>
    {
        Span<byte> text = stackalloc byte[ClassText.MaxHeadLength + ClassLabels.MaxLabelBytes];
        var written = 0;
        foreach (var place in places)
        {
            var label = labels[place];
            var head = ClassText.WriteHead(text, values[place], place, !label.IsEmpty);
            label.CopyTo(text[head..]);
            written += BytesTensor.Write(destination[written..], text[..(head + label.Length)]);
        }

        return written;
    }

    private static InferenceError UnsupportedType(in TensorView output) =>
        new(ErrorCode.InvalidArgument, $"class result not available for output due to unsupported type '{output.DataType.ProtocolName()}': output '{output.Name}' must be of integers, FP32 or FP64 to be classified")
        {
            Subject = output.Name,
            Expected = "integers, FP32 or FP64",
            Actual = output.DataType.ProtocolName(),
        };

    private static InferenceError TooLarge(in TensorView output, long elements) =>
        new(ErrorCode.InvalidArgument, $"classification output tensor too large: output '{output.Name}' has {elements} elements, expected at most {MaxClasses} in a row and {int.MaxValue} bytes of classes")
        {
            Subject = output.Name,
            Expected = $"at most {MaxClasses} elements",
            Actual = $"{elements} elements",
        };
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>Reads the <c>contents</c> of an input, element by element, into tensor memory. A value is never truncated.</summary>
internal static class TypedContentsReader
{
    private const int ElementsAtOnce = 1 << 24;

    /// <summary>Rents and fills a buffer.</summary>
    /// <param name="message">The message, for its error texts.</param>
    /// <param name="input">The input that has the contents.</param>
    /// <param name="type">Its data type.</param>
    /// <param name="shape">Its shape, whose elements can be counted.</param>
    /// <param name="allocator">Where the buffer comes from.</param>
    /// <param name="buffer">The buffer, which belongs to the caller; null exactly when there is an error.</param>
    public static InferenceError? Read(ModelInferRequest message, ModelInferRequest.Types.InferInputTensor input, TensorDataType type, in TensorShape shape, ITensorAllocator allocator, out TensorBuffer? buffer)
    {
        buffer = null;
        if (!shape.TryGetElementCount(out var expected))
        {
            return InferRequestErrors.TooLarge(message, input.Name, shape);
        }

        if (CheckField(message, input, type, expected) is { } error)
        {
            return error;
        }

        buffer = allocator.Rent(MeasureBytes(input.Contents, type, expected));
        error = expected == 0 ? null : Fill(message, input.Name, input.Contents, type, buffer);
        if (error is not null)
        {
            buffer.Dispose();
            buffer = null;
        }

        return error;
    }

    private static InferenceError? CheckField(ModelInferRequest message, ModelInferRequest.Types.InferInputTensor input, TensorDataType type, long expected)
    {
        var field = default(TypedField);
        var second = default(TypedField);
        var filled = input.Contents is null ? 0 : TypedContents.FindFilled(input.Contents, out field, out second);
        if (filled == 0)
        {
            // A tensor without elements has no data to find.
            return expected == 0 ? null : InferRequestErrors.NoData(message, input.Name);
        }

        if (field.Name != TypedContents.FieldOf(type))
        {
            return InferRequestErrors.WrongField(message, input.Name, type, field);
        }

        if (filled > 1)
        {
            return InferRequestErrors.TwoFields(message, input.Name, field, second);
        }

        return field.Count == expected ? null
            : type == TensorDataType.Bytes ? InferRequestErrors.StringCount(message, input.Name, expected, field.Count)
            : InferRequestErrors.ByteSize(message, input.Name, expected * type.ElementSize(), (long)field.Count * type.ElementSize());
    }

    private static long MeasureBytes(InferTensorContents contents, TensorDataType type, long elements)
    {
        if (type != TensorDataType.Bytes || elements == 0)
        {
            return elements * type.ElementSize();
        }

        var bytes = elements * BytesTensor.PrefixSize;
        foreach (var element in contents.BytesContents)
        {
            bytes += element.Length;
        }

        return bytes;
    }

    private static InferenceError? Fill(ModelInferRequest message, string input, InferTensorContents contents, TensorDataType type, TensorBuffer buffer)
    {
        switch (type)
        {
            case TensorDataType.Bool:
                Copy(contents.BoolContents, buffer);
                return null;
            case TensorDataType.Int32:
                Copy(contents.IntContents, buffer);
                return null;
            case TensorDataType.Int64:
                Copy(contents.Int64Contents, buffer);
                return null;
            case TensorDataType.UInt32:
                Copy(contents.UintContents, buffer);
                return null;
            case TensorDataType.UInt64:
                Copy(contents.Uint64Contents, buffer);
                return null;
            case TensorDataType.Fp32:
                Copy(contents.Fp32Contents, buffer);
                return null;
            case TensorDataType.Fp64:
                Copy(contents.Fp64Contents, buffer);
                return null;
            case TensorDataType.Bytes:
                CopyStrings(contents.BytesContents, buffer);
                return null;
            case TensorDataType.Int8:
                return Narrow<int, sbyte>(message, input, type, contents.IntContents, buffer);
            case TensorDataType.Int16:
                return Narrow<int, short>(message, input, type, contents.IntContents, buffer);
            case TensorDataType.UInt8:
                return Narrow<uint, byte>(message, input, type, contents.UintContents, buffer);
            default:
                return Narrow<uint, ushort>(message, input, type, contents.UintContents, buffer);
        }
    }

    private static void Copy<T>(RepeatedField<T> source, TensorBuffer buffer)
        where T : unmanaged
    {
        // In steps, since small numbers are shorter on the wire than in memory: what came in one message may take more than 2 GiB here.
        var elements = UnsafeCollectionOperations.AsSpan(source);
        for (var start = 0; start < elements.Length; start += ElementsAtOnce)
        {
            var some = MemoryMarshal.AsBytes(elements.Slice(start, Math.Min(ElementsAtOnce, elements.Length - start)));
            some.CopyTo(buffer.Slice((long)start * Unsafe.SizeOf<T>(), some.Length));
        }
    }

    private static void CopyStrings(RepeatedField<ByteString> source, TensorBuffer buffer)
    {
        var offset = 0L;
        foreach (var element in source)
        {
            offset += BytesTensor.Write(buffer.Slice(offset, BytesTensor.PrefixSize + element.Length), element.Span);
        }
    }

    private static InferenceError? Narrow<TWide, TNarrow>(ModelInferRequest message, string input, TensorDataType type, RepeatedField<TWide> source, TensorBuffer buffer)
        where TWide : unmanaged, IBinaryInteger<TWide>
        where TNarrow : unmanaged, IBinaryInteger<TNarrow>, IMinMaxValue<TNarrow>
    {
        var lowest = TWide.CreateTruncating(TNarrow.MinValue);
        var highest = TWide.CreateTruncating(TNarrow.MaxValue);
        var elements = UnsafeCollectionOperations.AsSpan(source);
        for (var start = 0; start < elements.Length; start += ElementsAtOnce)
        {
            var length = Math.Min(ElementsAtOnce, elements.Length - start);
            var target = MemoryMarshal.Cast<byte, TNarrow>(buffer.Slice((long)start * Unsafe.SizeOf<TNarrow>(), length * Unsafe.SizeOf<TNarrow>()));
            for (var i = 0; i < length; i++)
            {
                var value = elements[start + i];
                if (value < lowest || value > highest)
                {
                    return InferRequestErrors.OutOfRange(message, input, type, start + i, long.CreateTruncating(value), long.CreateTruncating(lowest), long.CreateTruncating(highest));
                }

                target[i] = TNarrow.CreateTruncating(value);
            }
        }

        return null;
    }
}

using System.Runtime.InteropServices;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Reads the <c>data</c> of an input into tensor memory. Nothing is rented before the size that the shape claims has been compared with the
/// limit and with how many values the rest of the text can hold at all.
/// </summary>
internal sealed class TensorDataReader(ITensorAllocator allocator, int maxBytes)
{
    /// <summary>Reads the array that comes next; there is a buffer exactly when the result is null.</summary>
    public InferenceError? Read(ref JsonCursor json, in InputHead input, out TensorBuffer? buffer)
    {
        buffer = null;
        return json.Peek() != JsonKind.Array ? RequestErrors.Kind("data", "an array", ref json) : ReadValue(ref json, input, out buffer);
    }

    /// <summary>Reads the array that comes next, or a scalar as the only element; there is a buffer exactly when the result is null.</summary>
    public InferenceError? ReadValue(ref JsonCursor json, in InputHead input, out TensorBuffer? buffer)
    {
        buffer = null;
        if (!input.Shape.TryGetElementCount(out var elements))
        {
            return RequestErrors.ElementCountOverflow(input);
        }

        return input.DataType switch
        {
            TensorDataType.Bool => Read<BoolReader, byte>(ref json, input, elements, out buffer),
            TensorDataType.UInt8 => Read<UnsignedReader<byte>, byte>(ref json, input, elements, out buffer),
            TensorDataType.UInt16 => Read<UnsignedReader<ushort>, ushort>(ref json, input, elements, out buffer),
            TensorDataType.UInt32 => Read<UnsignedReader<uint>, uint>(ref json, input, elements, out buffer),
            TensorDataType.UInt64 => Read<UnsignedReader<ulong>, ulong>(ref json, input, elements, out buffer),
            TensorDataType.Int8 => Read<SignedReader<sbyte>, sbyte>(ref json, input, elements, out buffer),
            TensorDataType.Int16 => Read<SignedReader<short>, short>(ref json, input, elements, out buffer),
            TensorDataType.Int32 => Read<SignedReader<int>, int>(ref json, input, elements, out buffer),
            TensorDataType.Int64 => Read<SignedReader<long>, long>(ref json, input, elements, out buffer),
            TensorDataType.Fp16 => Read<RealReader<Half>, Half>(ref json, input, elements, out buffer),
            TensorDataType.Fp32 => Read<RealReader<float>, float>(ref json, input, elements, out buffer),
            TensorDataType.Fp64 => Read<RealReader<double>, double>(ref json, input, elements, out buffer),
            TensorDataType.Bf16 => Read<BrainFloatReader, ushort>(ref json, input, elements, out buffer),
            TensorDataType.Bytes => ReadStrings(ref json, input, elements, out buffer),
            _ => RequestErrors.DataType(input.Name, input.DataType.ProtocolName()),
        };
    }

    private InferenceError? Read<TReader, T>(ref JsonCursor json, in InputHead input, long elements, out TensorBuffer? buffer)
        where TReader : struct, IElementReader<T>
        where T : unmanaged
    {
        buffer = null;
        if (!input.Shape.TryGetByteCount(input.DataType, out var bytes))
        {
            return RequestErrors.ByteSizeOverflow(input);
        }

        if (bytes > maxBytes)
        {
            return RequestErrors.TensorLimit(input.Name, bytes, maxBytes);
        }

        if (elements > json.Remaining)
        {
            // Each value takes a byte at least: these are too few, and only their number is left to find out.
            var rest = new ElementWalker(ref json);
            return CountOn(ref json, ref rest, input, elements, 0);
        }

        var rented = allocator.Rent(bytes);
        var error = Fill<TReader, T>(ref json, input, MemoryMarshal.Cast<byte, T>(rented.Span));
        if (error is null)
        {
            buffer = rented;
        }
        else
        {
            rented.Dispose();
        }

        return error;
    }

    private static InferenceError? Fill<TReader, T>(ref JsonCursor json, in InputHead input, Span<T> destination)
        where TReader : struct, IElementReader<T>
        where T : unmanaged
    {
        var walker = new ElementWalker(ref json);
        var place = 0;
        while (walker.MoveNext(ref json))
        {
            if (place == destination.Length)
            {
                return json.TrySkip() ? CountOn(ref json, ref walker, input, destination.Length, place + 1) : RequestErrors.Json(json);
            }

            if (json.ReadPlain<TReader, T>(destination.Slice(place, walker.MostInARow(destination.Length - place))) is > 0 and var read)
            {
                walker.Pass(read - 1);
                place += read;
                continue;
            }

            var start = json;
            var outcome = TReader.Read(ref json, out destination[place]);
            if (outcome != ElementOutcome.Read)
            {
                return Explain(ref json, ref start, outcome, input, place, TReader.Expected);
            }

            place++;
        }

        return Finish(json, walker, input, destination.Length, place);
    }

    private InferenceError? ReadStrings(ref JsonCursor json, in InputHead input, long elements, out TensorBuffer? buffer)
    {
        buffer = null;
        var start = json;
        var walker = new ElementWalker(ref json);
        var place = 0L;
        var bytes = 0L;
        while (walker.MoveNext(ref json))
        {
            if (json.Peek() != JsonKind.String)
            {
                var element = json;
                return Explain(ref json, ref element, ElementOutcome.WrongKind, input, place, "a string (BYTES)");
            }

            if (!json.TryReadString(out var text))
            {
                return RequestErrors.Json(json);
            }

            bytes += BytesTensor.PrefixSize + text.Length;
            place++;
        }

        if (Finish(json, walker, input, elements, place) is { } error)
        {
            return error;
        }

        if (bytes > maxBytes)
        {
            return RequestErrors.TensorLimit(input.Name, bytes, maxBytes);
        }

        buffer = allocator.Rent(bytes);
        CopyStrings(start, buffer.Span);
        return null;
    }

    /// <summary>The second walk over strings that the first one has found well formed and measured.</summary>
    private static void CopyStrings(JsonCursor json, Span<byte> destination)
    {
        var walker = new ElementWalker(ref json);
        while (walker.MoveNext(ref json) && json.TryReadString(out var text))
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(destination, (uint)text.Length);
            text.CopyTo(destination[BytesTensor.PrefixSize..]);
            destination = destination[(BytesTensor.PrefixSize + text.Length)..];
        }
    }

    private static InferenceError? CountOn(ref JsonCursor json, ref ElementWalker walker, in InputHead input, long expected, long place)
    {
        while (walker.MoveNext(ref json))
        {
            if (!json.TrySkip())
            {
                break;
            }

            place++;
        }

        return json.Failed ? RequestErrors.Json(json) : RequestErrors.ElementCount(input, expected, place);
    }

    private static InferenceError? Finish(in JsonCursor json, in ElementWalker walker, in InputHead input, long expected, long place) =>
        json.Failed ? RequestErrors.Json(json)
        : place != expected ? RequestErrors.ElementCount(input, expected, place)
        : expected > 0 && !walker.Agrees(input.Shape) ? RequestErrors.Nesting(input, walker.Describe())
        : null;

    private static InferenceError Explain(ref JsonCursor json, ref JsonCursor start, ElementOutcome outcome, in InputHead input, long place, string expected)
    {
        if (outcome == ElementOutcome.OutOfRange)
        {
            var text = json.TextFrom(start.Position);
            return RequestErrors.Element(input, place, expected, Encoding.UTF8.GetString(text[..Math.Min(text.Length, 40)]));
        }

        var kind = start.Peek();
        return outcome == ElementOutcome.Malformed || !start.TrySkip()
            ? RequestErrors.Json(outcome == ElementOutcome.Malformed ? json : start)
            : RequestErrors.Element(input, place, expected, RequestErrors.Describe(kind));
    }
}

using System.Buffers;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// Reads a <c>ModelInferRequest</c> (KServe v2 over gRPC, the fields by their numbers) if it is a plain one without a mistake. Of every other it says only that: then the generated reader, which knows
/// all that a message may have, reads it, and the errors are found where they are described.
/// </summary>
internal static class PlainMessageReader
{
    private const int ModelName = 1;
    private const int ModelVersion = 2;
    private const int Id = 3;
    private const int Parameters = 4;
    private const int Inputs = 5;
    private const int Outputs = 6;

    /// <summary>The field of the elements, one entry an input.</summary>
    public const int RawInputContents = 7;

    private const int TensorName = 1;
    private const int TensorType = 2;
    private const int TensorShapeField = 3;
    private const int TensorParameters = 4;
    private const int TensorContents = 5;

    private const int OutputParameters = 2;

    /// <summary>Reads.</summary>
    /// <param name="bytes">The message.</param>
    /// <param name="message">What it says, if it is plain.</param>
    /// <returns>True when it is.</returns>
    public static bool TryRead(in ReadOnlySequence<byte> bytes, PlainMessage message)
    {
        var reader = new WireReader(bytes);
        while (!reader.IsAtEnd)
        {
            if (!reader.TryReadTag(out var field, out var type) || type != WireReader.Bytes || !TryReadField(ref reader, field, message))
            {
                return false;
            }
        }

        return HaveTheirContents(message);
    }

    /// <summary>
    /// Reads what comes before the first raw contents, if after it there can be nothing else: the data types all have a size, and the contents that the shapes ask for, one after the other, fill the rest of the message.
    /// </summary>
    /// <param name="bytes">What the message begins with.</param>
    /// <param name="length">How long all of it is.</param>
    /// <param name="message">What its head says; it has no contents yet.</param>
    /// <param name="head">How long the head is.</param>
    /// <returns>False also when <paramref name="bytes"/> end too early to tell.</returns>
    public static bool TryReadHead(in ReadOnlySequence<byte> bytes, long length, PlainMessage message, out long head)
    {
        var reader = new WireReader(bytes);
        while (true)
        {
            head = reader.Position;
            if (!reader.TryReadTag(out var field, out var type) || type != WireReader.Bytes)
            {
                return false;
            }

            if (field == RawInputContents)
            {
                return IsFilledBy(length - head, message.Inputs);
            }

            if (!TryReadField(ref reader, field, message))
            {
                return false;
            }
        }
    }

    private static bool TryReadField(ref WireReader reader, ulong field, PlainMessage message)
    {
        switch (field)
        {
            case ModelName when reader.TryReadName(out var model):
                message.ModelName = model;
                return true;
            case ModelVersion when reader.TryReadName(out var version):
                message.ModelVersion = version;
                return true;
            case Id when reader.TryReadName(out var id, comesAgain: false):
                message.Id = id;
                return true;
            case Parameters when reader.TryReadLength(out var length) && PlainParameterReader.TryRead(ref reader, reader.Position + length, out var parameter):
                message.Parameters.Add(parameter);
                return true;
            case Inputs when reader.TryReadLength(out var length) && TryReadInput(ref reader, reader.Position + length, out var input):
                message.Inputs.Add(input);
                return true;
            case Outputs when reader.TryReadLength(out var length) && TryReadOutput(ref reader, reader.Position + length, out var output):
                message.Outputs.Add(output);
                return true;
            case RawInputContents when reader.TryReadLength(out var length):
                message.Contents.Add((reader.Position, length));
                reader.Skip(length);
                return true;
            default:
                return false;
        }
    }

    private static bool TryReadInput(ref WireReader reader, long end, out PlainInput input)
    {
        input = default;
        var (name, typeName) = ("", "");
        Span<long> shape = stackalloc long[TensorShape.MaxRank];
        var rank = 0;
        var contents = default(PlainContents);
        var place = default(RangeParameters);
        while (reader.Position < end)
        {
            if (!reader.TryReadTag(out var field, out var type))
            {
                return false;
            }

            var isRead = (field, type) switch
            {
                (TensorName, WireReader.Bytes) => reader.TryReadName(out name),
                (TensorType, WireReader.Bytes) => reader.TryReadName(out typeName),
                (TensorShapeField, WireReader.Bytes) => reader.TryReadLength(out var length) && TryReadDimensions(ref reader, reader.Position + length, shape, ref rank),
                (TensorShapeField, WireReader.Varint) => TryReadDimension(ref reader, shape, ref rank),
                (TensorParameters, WireReader.Bytes) => reader.TryReadLength(out var length) && PlainRangeReader.TryRead(ref reader, reader.Position + length, ref place),
                (TensorContents, WireReader.Bytes) => contents.Field == 0 && reader.TryReadLength(out var length) && TryReadContents(ref reader, reader.Position + length, out contents),
                _ => false,
            };
            if (!isRead)
            {
                return false;
            }
        }

        if (reader.Position != end || !TensorDataTypes.TryParse(typeName, out var dataType) || place.Resolve(default, out var range) is not null)
        {
            return false;
        }

        input = new PlainInput(name, dataType, new TensorShape(shape[..rank])) { Contents = contents, Range = range };
        return true;
    }

    /// <summary>Elements in one field and one piece, as clients write them; BYTES have a field each.</summary>
    private static bool TryReadContents(ref WireReader reader, long end, out PlainContents contents)
    {
        contents = default;
        var start = reader.Position;
        while (reader.Position < end)
        {
            if (!reader.TryReadTag(out var field, out var type) || type != WireReader.Bytes || !reader.TryReadLength(out var length) || reader.Position + length > end)
            {
                return false;
            }

            if (field == PlainContents.Bytes && contents.Field is 0 or PlainContents.Bytes)
            {
                contents = new PlainContents(PlainContents.Bytes, start, end - start, contents.Count + 1, contents.TextBytes + length);
            }
            else if (field is >= PlainContents.Bool and < PlainContents.Bytes && contents.Field == 0)
            {
                contents = new PlainContents((int)field, reader.Position, length, 0, 0);
            }
            else
            {
                return false;
            }

            reader.Skip(length);
        }

        // An empty one is there all the same, which is for the library to say what it makes of.
        return reader.Position == end && contents.Field != 0;
    }

    private static bool TryReadDimensions(ref WireReader reader, long end, scoped Span<long> shape, ref int rank)
    {
        while (reader.Position < end)
        {
            if (!TryReadDimension(ref reader, shape, ref rank))
            {
                return false;
            }
        }

        return reader.Position == end;
    }

    private static bool TryReadDimension(ref WireReader reader, scoped Span<long> shape, ref int rank)
    {
        if (rank == shape.Length || !reader.TryReadVarint(out var dimension) || dimension > long.MaxValue)
        {
            return false;
        }

        shape[rank++] = (long)dimension;
        return true;
    }

    private static bool TryReadOutput(ref WireReader reader, long end, out PlainOutput output)
    {
        output = default;
        var name = "";
        var place = default(RangeParameters);
        while (reader.Position < end)
        {
            if (!reader.TryReadTag(out var field, out var type))
            {
                return false;
            }

            var isRead = (field, type) switch
            {
                (TensorName, WireReader.Bytes) => reader.TryReadName(out name),
                (OutputParameters, WireReader.Bytes) => reader.TryReadLength(out var length) && PlainRangeReader.TryRead(ref reader, reader.Position + length, ref place),
                _ => false,
            };
            if (!isRead)
            {
                return false;
            }
        }

        if (reader.Position != end || place.Resolve(default, out var range) is not null)
        {
            return false;
        }

        output = new PlainOutput(name, range);
        return true;
    }

    /// <summary>Each input that is not in shared memory has contents, and as many bytes of them as its shape says; or none is there, and all that have any have typed ones.</summary>
    private static bool HaveTheirContents(PlainMessage message)
    {
        if (message.Contents.Count == 0 && message.Inputs.Exists(static input => input.Contents.Field != 0))
        {
            message.IsTyped = !message.Inputs.Exists(static input => input.Range is not null);
            return message.IsTyped;
        }

        var entries = 0;
        foreach (var input in message.Inputs)
        {
            long? length = input.Range is not null ? null
                : entries < message.Contents.Count ? message.Contents[entries++].Length
                : -1;
            if (input.Contents.Field != 0 || length < 0 || !Fits(input, length))
            {
                return false;
            }
        }

        return entries == message.Contents.Count;
    }

    /// <summary>Whether an input can have so many bytes; null for those that shared memory may have.</summary>
    private static bool Fits(in PlainInput input, long? length) =>
        input.DataType == TensorDataType.Bytes ? input.Shape.TryGetElementCount(out _) : input.Shape.TryGetByteCount(input.DataType, out var expected) && (length is null || length == expected);

    /// <summary>Whether the contents of the inputs, with their tags and lengths, take so many bytes.</summary>
    private static bool IsFilledBy(long room, List<PlainInput> inputs)
    {
        foreach (var input in inputs)
        {
            if (input.Contents.Field != 0 || input.Range is not null || input.DataType == TensorDataType.Bytes || !input.Shape.TryGetByteCount(input.DataType, out var size) || size > room)
            {
                return false;
            }

            room -= 1 + Varint.Measure((ulong)size) + size;
        }

        return room == 0;
    }
}

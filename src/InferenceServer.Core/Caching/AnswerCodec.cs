using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Caching;

/// <summary>
/// Answers as bytes, for stores outside of the process: a mark with the number of the format, a digest of the key and all that follows, the parameters, the heads of the
/// tensors, their bytes. Whatever else lies in a store is told apart from it: by the digest what has been damaged or stands under another key, by the checks what was never an
/// answer.
/// </summary>
internal static class AnswerCodec
{
    /// <summary>The longest name of an output or parameter that is read. Bytes.</summary>
    private const int MaxName = 4096;

    private const int MaxParts = 1 << 16;
    private const int DigestSize = 16;

    /// <summary>What stands in front of the parameters. Bytes.</summary>
    internal const int HeadSize = 8 + DigestSize;

    // Another format gets another last letter: servers of both may share a store.
    private static ReadOnlySpan<byte> Mark => "ISRVANS1"u8;

    /// <summary>Writes an answer.</summary>
    public static byte[] Write(CacheKey key, CachedAnswer answer)
    {
        using var memory = new MemoryStream(checked((int)answer.Bytes));
        using var writer = new BinaryWriter(memory, Encoding.UTF8);
        writer.Write(new byte[HeadSize]);
        writer.Write(answer.Parameters.Count);
        foreach (var (name, value) in answer.Parameters)
        {
            WriteName(writer, name);
            WriteValue(writer, value);
        }

        writer.Write(answer.Outputs.Length);
        foreach (var output in answer.Outputs)
        {
            WriteName(writer, output.Name);
            writer.Write((byte)output.DataType);
            writer.Write((byte)output.Shape.Rank);
            foreach (var dimension in output.Shape.AsSpan())
            {
                writer.Write(dimension);
            }

            writer.Write(output.Length);
        }

        foreach (var output in answer.Outputs)
        {
            writer.Write(output.Span);
        }

        var bytes = memory.ToArray();
        Seal(key, bytes.AsSpan());
        return bytes;
    }

    /// <summary>Reads an answer.</summary>
    /// <returns>The answer with a count for the caller; null when the bytes are none, or there is no memory for it.</returns>
    public static CachedAnswer? TryRead(CacheKey key, ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[DigestSize];
        if (bytes.Length < HeadSize || !bytes.StartsWith(Mark))
        {
            return null;
        }

        DigestOf(key, bytes, digest);
        if (!digest.SequenceEqual(bytes.Slice(Mark.Length, DigestSize)))
        {
            return null;
        }

        var rest = bytes[HeadSize..];
        return TryReadParameters(ref rest, out var parameters) && TryReadHeads(ref rest, out var heads) ? TryReadTensors(rest, heads, parameters) : null;
    }

    /// <summary>Puts mark and digest in front of anything.</summary>
    internal static byte[] Seal(CacheKey key, byte[] body)
    {
        byte[] bytes = [.. new byte[HeadSize], .. body];
        Seal(key, bytes.AsSpan());
        return bytes;
    }

    private static void Seal(CacheKey key, Span<byte> bytes)
    {
        Mark.CopyTo(bytes);
        DigestOf(key, bytes, bytes.Slice(Mark.Length, DigestSize));
    }

    private static void DigestOf(CacheKey key, ReadOnlySpan<byte> bytes, Span<byte> digest)
    {
        Span<byte> whole = stackalloc byte[CacheKey.Size];
        key.CopyTo(whole);
        var writer = DigestWriter.Begin();
        writer.Write(whole);
        writer.Write(bytes[HeadSize..]);
        writer.End(whole);
        whole[..DigestSize].CopyTo(digest);
    }

    private static void WriteName(BinaryWriter writer, string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteValue(BinaryWriter writer, ParameterValue value)
    {
        writer.Write((byte)value.Kind);
        switch (value.Kind)
        {
            case ParameterKind.String:
                value.TryGetString(out var text);
                WriteName(writer, text);
                break;
            case ParameterKind.Double:
                value.TryGetDouble(out var real);
                writer.Write(BitConverter.DoubleToInt64Bits(real));
                break;
            case ParameterKind.UInt64:
                value.TryGetUInt64(out var unsigned);
                writer.Write(unsigned);
                break;
            case ParameterKind.Bool:
                value.TryGetBool(out var flag);
                writer.Write(flag ? 1L : 0L);
                break;
            default:
                value.TryGetInt64(out var number);
                writer.Write(number);
                break;
        }
    }

    private static bool TryReadParameters(ref ReadOnlySpan<byte> rest, out Dictionary<string, ParameterValue> parameters)
    {
        parameters = new Dictionary<string, ParameterValue>(StringComparer.Ordinal);
        if (!TryReadInt32(ref rest, out var count) || count is < 0 or > MaxParts)
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            if (!TryReadText(ref rest, MaxName, out var name) || !TryReadByte(ref rest, out var kind) || !TryReadValue(ref rest, (ParameterKind)kind, out var value))
            {
                return false;
            }

            parameters[name] = value;
        }

        return true;
    }

    private static bool TryReadValue(ref ReadOnlySpan<byte> rest, ParameterKind kind, out ParameterValue value)
    {
        value = default;
        if (kind == ParameterKind.String)
        {
            var isText = TryReadText(ref rest, rest.Length, out var text);
            value = isText ? ParameterValue.FromString(text!) : default;
            return isText;
        }

        if (!TryReadInt64(ref rest, out var bits))
        {
            return false;
        }

        switch (kind)
        {
            case ParameterKind.Bool:
                value = ParameterValue.FromBool(bits != 0);
                return true;
            case ParameterKind.Int64:
                value = ParameterValue.FromInt64(bits);
                return true;
            case ParameterKind.UInt64:
                value = ParameterValue.FromUInt64(unchecked((ulong)bits));
                return true;
            case ParameterKind.Double:
                value = ParameterValue.FromDouble(BitConverter.Int64BitsToDouble(bits));
                return true;
            default:
                return false;
        }
    }

    private static bool TryReadHeads(ref ReadOnlySpan<byte> rest, out List<Head> heads)
    {
        heads = [];
        if (!TryReadInt32(ref rest, out var count) || count is < 0 or > MaxParts)
        {
            return false;
        }

        var left = (long)rest.Length;
        for (var i = 0; i < count; i++)
        {
            if (!TryReadText(ref rest, MaxName, out var name)
                || !TryReadByte(ref rest, out var type) || !Enum.IsDefined((TensorDataType)type)
                || !TryReadShape(ref rest, out var shape)
                || !TryReadInt64(ref rest, out var length) || length < 0 || length > left)
            {
                return false;
            }

            left -= length;
            heads.Add(new Head(name, (TensorDataType)type, shape, length));
        }

        return true;
    }

    private static bool TryReadShape(ref ReadOnlySpan<byte> rest, out TensorShape shape)
    {
        shape = default;
        if (!TryReadByte(ref rest, out var rank) || rank > TensorShape.MaxRank)
        {
            return false;
        }

        Span<long> dimensions = stackalloc long[TensorShape.MaxRank];
        for (var i = 0; i < rank; i++)
        {
            if (!TryReadInt64(ref rest, out dimensions[i]) || dimensions[i] < 0)
            {
                return false;
            }
        }

        shape = new TensorShape(dimensions[..rank]);
        return true;
    }

    private static CachedAnswer? TryReadTensors(ReadOnlySpan<byte> rest, List<Head> heads, Dictionary<string, ParameterValue> parameters)
    {
        if (heads.Sum(static head => head.Length) != rest.Length || AnswerBuffer.TryAllocate(heads.Sum(static head => Round(head.Length))) is not { } buffer)
        {
            return null;
        }

        var outputs = new TensorView[heads.Count];
        var offset = 0L;
        for (var i = 0; i < outputs.Length; i++)
        {
            var head = heads[i];
            var bytes = rest[..(int)head.Length];
            rest = rest[bytes.Length..];
            if (!IsSound(head, bytes))
            {
                buffer.Dispose();
                return null;
            }

            bytes.CopyTo(buffer.Slice(offset, bytes.Length));
            outputs[i] = new TensorView(head.Name, head.DataType, head.Shape, buffer, offset, head.Length);
            offset += Round(head.Length);
        }

        return CachedAnswer.Adopt(outputs, buffer, parameters);
    }

    private static bool IsSound(in Head head, ReadOnlySpan<byte> bytes) => head.DataType == TensorDataType.Bytes
        ? head.Shape.TryGetElementCount(out var expected) && BytesTensor.TryCount(bytes, out var elements) && elements == expected
        : head.Shape.TryGetByteCount(head.DataType, out var length) && length == head.Length;

    private static long Round(long length) => (length + AnswerBuffer.Alignment - 1) / AnswerBuffer.Alignment * AnswerBuffer.Alignment;

    private static bool TryReadByte(ref ReadOnlySpan<byte> rest, out byte value)
    {
        value = rest.IsEmpty ? (byte)0 : rest[0];
        var isThere = !rest.IsEmpty;
        rest = isThere ? rest[1..] : rest;
        return isThere;
    }

    private static bool TryReadInt32(ref ReadOnlySpan<byte> rest, out int value)
    {
        var isThere = BinaryPrimitives.TryReadInt32LittleEndian(rest, out value);
        rest = isThere ? rest[sizeof(int)..] : rest;
        return isThere;
    }

    private static bool TryReadInt64(ref ReadOnlySpan<byte> rest, out long value)
    {
        var isThere = BinaryPrimitives.TryReadInt64LittleEndian(rest, out value);
        rest = isThere ? rest[sizeof(long)..] : rest;
        return isThere;
    }

    private static bool TryReadText(ref ReadOnlySpan<byte> rest, int longest, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (!TryReadInt32(ref rest, out var length) || length < 0 || length > longest || length > rest.Length)
        {
            return false;
        }

        text = Encoding.UTF8.GetString(rest[..length]);
        rest = rest[length..];
        return true;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Head(string Name, TensorDataType DataType, TensorShape Shape, long Length);
}

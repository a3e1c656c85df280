using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace InferenceServer.Core.Caching;

/// <summary>
/// Makes a SHA-256 of parts. Each part is written with its length or has a fixed one, so that no two sequences of parts give the same bytes. One a thread, used from the
/// beginning to the end without a pause.
/// </summary>
internal sealed class DigestWriter
{
    private const int LargestChunk = 1 << 30;

    [ThreadStatic]
    private static DigestWriter? s_own;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _pending = new byte[512];
    private int _count;
    private bool _isDirty;

    /// <summary>The writer of the calling thread, empty whatever became of its last use.</summary>
    public static DigestWriter Begin()
    {
        var writer = s_own ??= new DigestWriter();
        if (writer._count > 0 || writer._isDirty)
        {
            Span<byte> nothing = stackalloc byte[CacheKey.Size];
            writer.End(nothing);
        }

        writer._isDirty = true;
        return writer;
    }

    public void Write(byte value)
    {
        Reserve(1);
        _pending[_count++] = value;
    }

    public void Write(long value)
    {
        Reserve(sizeof(long));
        BinaryPrimitives.WriteInt64LittleEndian(_pending.AsSpan(_count), value);
        _count += sizeof(long);
    }

    /// <summary>Writes a text with its length.</summary>
    public void Write(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Write((long)length);
        if (length <= _pending.Length)
        {
            Reserve(length);
            _count += Encoding.UTF8.GetBytes(text, _pending.AsSpan(_count));
        }
        else
        {
            Write(Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>Writes bytes as they are.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= _pending.Length - _count)
        {
            bytes.CopyTo(_pending.AsSpan(_count));
            _count += bytes.Length;
            return;
        }

        Flush();
        _hash.AppendData(bytes);
    }

    /// <summary>Writes the bytes of a tensor, which may be more than a span can have.</summary>
    public void Write(in Abstractions.Tensors.TensorView tensor)
    {
        for (var offset = 0L; offset < tensor.Length; offset += LargestChunk)
        {
            Write(tensor.Buffer.Slice(tensor.Offset + offset, (int)Math.Min(LargestChunk, tensor.Length - offset)));
        }
    }

    /// <summary>Gives the digest; the writer is the next one's.</summary>
    public void End(Span<byte> digest)
    {
        Flush();
        _hash.GetHashAndReset(digest);
        _isDirty = false;
    }

    private void Reserve(int length)
    {
        if (length > _pending.Length - _count)
        {
            Flush();
        }
    }

    private void Flush()
    {
        if (_count > 0)
        {
            _hash.AppendData(_pending, 0, _count);
            _count = 0;
        }
    }
}

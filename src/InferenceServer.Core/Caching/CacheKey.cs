using System.Runtime.InteropServices;

namespace InferenceServer.Core.Caching;

/// <summary>What an answer is found by: 256 bits that stand for a version of a model and everything of a request that its answer depends on.</summary>
public readonly record struct CacheKey
{
    /// <summary>How many bytes a key has.</summary>
    public const int Size = 32;

    private readonly UInt128 _first;
    private readonly UInt128 _second;

    /// <summary>Takes <see cref="Size"/> bytes.</summary>
    public CacheKey(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        _first = MemoryMarshal.Read<UInt128>(bytes);
        _second = MemoryMarshal.Read<UInt128>(bytes[(Size / 2)..]);
    }

    /// <summary>Writes the bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        MemoryMarshal.Write(destination, _first);
        MemoryMarshal.Write(destination[(Size / 2)..], _second);
    }

    /// <summary>The bytes in hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <inheritdoc />
    public bool Equals(CacheKey other) => _first == other._first && _second == other._second;

    /// <summary>The bits of a digest are as good as any mixture of them.</summary>
    public override int GetHashCode() => unchecked((int)(ulong)_first);
}

using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace InferenceServer.Abstractions.Tensors;

/// <summary>
/// The dimensions of a tensor, batch dimension included where there is one; up to <see cref="MaxRank"/> of them. The usual few are held inline: shapes are copied with every tensor.
/// A dimension of -1 is free; only shapes in signatures and configuration have those. Rank 0 is a scalar of one element.
/// </summary>
public readonly struct TensorShape : IEquatable<TensorShape>
{
    /// <summary>The most dimensions a shape can have.</summary>
    public const int MaxRank = 8;

    /// <summary>The value of a dimension that may take any size.</summary>
    public const long Free = -1;

    private const int InlineRank = 4;

    private readonly Dimensions _dimensions;

    // All of them, where there are too many to be held inline.
    private readonly long[]? _many;
    private readonly byte _rank;

    /// <summary>Makes a shape of the given dimensions.</summary>
    /// <exception cref="ArgumentException">There are more than <see cref="MaxRank"/> dimensions, or one is below -1.</exception>
    public TensorShape(params ReadOnlySpan<long> dimensions)
    {
        if (dimensions.Length > MaxRank)
        {
            throw new ArgumentException($"a shape has at most {MaxRank} dimensions, got {dimensions.Length}", nameof(dimensions));
        }

        for (var i = 0; i < dimensions.Length; i++)
        {
            if (dimensions[i] < Free)
            {
                throw new ArgumentException($"dimension {i} must be -1 or at least 0, got {dimensions[i]}", nameof(dimensions));
            }
        }

        if (dimensions.Length > InlineRank)
        {
            _many = dimensions.ToArray();
        }
        else
        {
            dimensions.CopyTo(_dimensions);
        }

        _rank = (byte)dimensions.Length;
    }

    /// <summary>The shape without dimensions: one element.</summary>
    public static TensorShape Scalar => default;

    /// <summary>How many dimensions there are, 0 to <see cref="MaxRank"/>.</summary>
    public int Rank => _rank;

    /// <summary>True when no dimension is free.</summary>
    public bool IsFixed
    {
        get
        {
            foreach (var dimension in AsSpan())
            {
                if (dimension < 0)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>The dimension at <paramref name="index"/>, counted from the outermost.</summary>
    public long this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, _rank);
            return AsSpan()[index];
        }
    }

    /// <summary>The dimensions, outermost first. The span is a view of this value and lives as long as it does.</summary>
    [UnscopedRef]
    public ReadOnlySpan<long> AsSpan() => _many is null ? ((ReadOnlySpan<long>)_dimensions)[.._rank] : _many;

    /// <summary>The product of the dimensions; 1 for a scalar.</summary>
    /// <returns>False when a dimension is free or the product does not fit in 63 bits.</returns>
    public bool TryGetElementCount(out long count)
    {
        count = 1;
        var overflow = false;
        foreach (var dimension in AsSpan())
        {
            if (dimension < 0)
            {
                count = 0;
                return false;
            }

            if (dimension == 0)
            {
                // Whatever the other dimensions are, there is nothing in it.
                count = 0;
                return IsFixed;
            }

            overflow |= count > long.MaxValue / dimension;
            count = unchecked(count * dimension);
        }

        if (overflow)
        {
            count = 0;
            return false;
        }

        return true;
    }

    /// <summary>The bytes that a tensor of this shape and of a fixed-size type takes.</summary>
    /// <returns>False when the shape is not fixed, the type has no fixed size, or the product does not fit in 63 bits.</returns>
    public bool TryGetByteCount(TensorDataType type, out long bytes)
    {
        var size = type.ElementSize();
        bytes = 0;
        if (size == 0 || !TryGetElementCount(out var count) || count > long.MaxValue / size)
        {
            return false;
        }

        bytes = count * size;
        return true;
    }

    /// <summary>This shape with one more dimension in front.</summary>
    public TensorShape Prepend(long dimension)
    {
        Span<long> dimensions = stackalloc long[MaxRank + 1];
        dimensions[0] = dimension;
        AsSpan().CopyTo(dimensions[1..]);
        return new TensorShape(dimensions[..(_rank + 1)]);
    }

    /// <summary>This shape without its outermost dimension.</summary>
    public TensorShape WithoutFirst()
    {
        ArgumentOutOfRangeException.ThrowIfZero(_rank);
        return new TensorShape(AsSpan()[1..]);
    }

    /// <summary>This shape with another outermost dimension.</summary>
    public TensorShape WithFirst(long dimension)
    {
        ArgumentOutOfRangeException.ThrowIfZero(_rank);
        Span<long> dimensions = stackalloc long[MaxRank];
        AsSpan().CopyTo(dimensions);
        dimensions[0] = dimension;
        return new TensorShape(dimensions[.._rank]);
    }

    /// <summary>True when <paramref name="actual"/> has this shape's rank and agrees in every dimension that is not free here.</summary>
    public bool Accepts(in TensorShape actual)
    {
        if (actual._rank != _rank)
        {
            return false;
        }

        var wanted = AsSpan();
        var given = actual.AsSpan();
        for (var i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] >= 0 && wanted[i] != given[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc />
    public bool Equals(TensorShape other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is TensorShape other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var dimension in AsSpan())
        {
            hash.Add(dimension);
        }

        return hash.ToHashCode();
    }

    /// <summary>The dimensions in brackets, as the protocols print them: <c>[-1,16]</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("[");
        foreach (var dimension in AsSpan())
        {
            if (text.Length > 1)
            {
                text.Append(',');
            }

            text.Append(dimension.ToString(CultureInfo.InvariantCulture));
        }

        return text.Append(']').ToString();
    }

    /// <summary>True when both have the same dimensions.</summary>
    public static bool operator ==(TensorShape left, TensorShape right) => left.Equals(right);

    /// <summary>True when the two differ in a dimension.</summary>
    public static bool operator !=(TensorShape left, TensorShape right) => !left.Equals(right);

    [InlineArray(InlineRank)]
    private struct Dimensions
    {
        private long _first;
    }
}

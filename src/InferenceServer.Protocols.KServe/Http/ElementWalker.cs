using System.Runtime.CompilerServices;
using System.Text;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Visits the scalars of a JSON array in order, however the arrays are nested, and takes note of the nesting, to compare it with a shape at
/// the end. The caller reads or skips each scalar. A scalar in place of the array is visited too.
/// </summary>
internal struct ElementWalker
{
    private Lengths _lengths;
    private Lengths _counts;
    private int _level;
    private int _deepest;
    private int _scalarLevel;
    private bool _first;
    private bool _isUneven;
    private readonly bool _isScalar;
    private bool _isUnvisited;

    /// <summary>Enters the array that comes next; failures show in the cursor.</summary>
    public ElementWalker(ref JsonCursor json)
    {
        _scalarLevel = -1;
        ((Span<int>)_lengths).Fill(-1);
        _first = true;
        _isScalar = json.Peek() != JsonKind.Array;
        _isUnvisited = _isScalar;
        _level = !_isScalar && json.TryEnterArray() ? 0 : -1;
    }

    /// <summary>Passes over the value that comes next and counts its scalars, to find out its nesting before it is read.</summary>
    public static ElementWalker Measure(ref JsonCursor json, out long elements)
    {
        elements = 0;
        var walker = new ElementWalker(ref json);
        while (walker.MoveNext(ref json) && json.TrySkip())
        {
            elements++;
        }

        return walker;
    }

    /// <summary>Goes to the next scalar; false at the end, or when the text is wrong.</summary>
    public bool MoveNext(ref JsonCursor json)
    {
        while (_level >= 0)
        {
            if (!json.TryNextElement(ref _first))
            {
                if (json.Failed)
                {
                    return false;
                }

                Leave();
                continue;
            }

            _counts[_level]++;
            if (json.Peek() != JsonKind.Array)
            {
                // A scalar beside an array, or scalars at two depths: no shape is nested like that.
                _isUneven |= _level != _deepest;
                _scalarLevel = _level;
                return true;
            }

            if (!json.TryEnterArray())
            {
                return false;
            }

            _level++;
            _isUneven |= _scalarLevel >= 0 && _level > _scalarLevel;
            _deepest = Math.Max(_deepest, _level);
            _counts[_level] = 0;
            _first = true;
        }

        var isScalar = _isUnvisited;
        _isUnvisited = false;
        return isScalar;
    }

    /// <summary>Says that the caller has read so many scalars more than the one that he was brought to, all of the same array.</summary>
    public void Pass(int more)
    {
        if (more > 0)
        {
            _counts[_level] += more;
        }
    }

    /// <summary>How many scalars may follow one another from here on.</summary>
    public readonly int MostInARow(int left) => _isScalar ? Math.Min(left, 1) : left;

    /// <summary>The nesting as a shape; false when it is uneven, or deeper than a shape can be. To be asked at the end.</summary>
    public readonly bool TryGetShape(out TensorShape shape)
    {
        shape = TensorShape.Scalar;
        if (_isScalar)
        {
            return true;
        }

        if (_isUneven || _deepest >= TensorShape.MaxRank)
        {
            return false;
        }

        Span<long> dimensions = stackalloc long[_deepest + 1];
        for (var i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = _lengths[i];
        }

        shape = new TensorShape(dimensions);
        return true;
    }

    /// <summary>
    /// Whether the elements were flat, or nested as the shape is. Dimensions of 1 do not count: an array around one element, or none
    /// around it, leaves no doubt about what is meant.
    /// </summary>
    public readonly bool Agrees(in TensorShape shape)
    {
        if (_deepest == 0)
        {
            return true;
        }

        if (_isUneven)
        {
            return false;
        }

        Span<long> nested = stackalloc long[TensorShape.MaxRank + 1];
        var levels = 0;
        for (var i = 0; i <= _deepest; i++)
        {
            if (_lengths[i] != 1)
            {
                if (levels == nested.Length)
                {
                    return false;
                }

                nested[levels++] = _lengths[i];
            }
        }

        if (levels <= 1)
        {
            return true;
        }

        var level = 0;
        foreach (var dimension in shape.AsSpan())
        {
            if (dimension != 1 && (level == levels || nested[level++] != dimension))
            {
                return false;
            }
        }

        return level == levels;
    }

    /// <summary>The nesting as a shape, for a message.</summary>
    public readonly string Describe()
    {
        if (_isUneven)
        {
            return "arrays of uneven length or depth";
        }

        var text = new StringBuilder("[");
        for (var i = 0; i <= _deepest; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(_lengths[i]);
        }

        return text.Append(']').ToString();
    }

    private void Leave()
    {
        var length = _counts[_level];
        _isUneven |= _lengths[_level] >= 0 && _lengths[_level] != length;
        _lengths[_level] = length;
        _level--;
        _first = false;
    }

    [InlineArray(JsonCursor.MaxDepth)]
    private struct Lengths
    {
        private int _first;
    }
}

using System.Runtime.CompilerServices;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>Visits the elements of an npy file in row-major order, whichever order they are stored in.</summary>
internal struct NpyOrder
{
    private readonly TensorShape _shape;
    private readonly bool _isFortran;
    private Indices _indices;
    private Indices _strides;
    private long _place;

    /// <param name="shape">The array's shape, whose elements can be counted.</param>
    /// <param name="isFortran">Whether the first dimension changes fastest.</param>
    public NpyOrder(in TensorShape shape, bool isFortran)
    {
        _shape = shape;
        _isFortran = isFortran;
        var stride = 1L;
        for (var i = 0; i < shape.Rank; i++)
        {
            _strides[i] = stride;
            stride = unchecked(stride * shape[i]);
        }
    }

    /// <summary>Where the next element is stored, counted in elements.</summary>
    public long Next()
    {
        var place = _place;
        if (!_isFortran)
        {
            _place++;
            return place;
        }

        for (var i = _shape.Rank - 1; i >= 0; i--)
        {
            _place += _strides[i];
            if (++_indices[i] < _shape[i])
            {
                break;
            }

            _place -= _strides[i] * _shape[i];
            _indices[i] = 0;
        }

        return place;
    }

    [InlineArray(TensorShape.MaxRank)]
    private struct Indices
    {
        private long _first;
    }
}

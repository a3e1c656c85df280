using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>An output of numbers, truth values or keys.</summary>
internal sealed class NumberOutput<T> : IOutputColumn
    where T : unmanaged
{
    private readonly int _place;
    private readonly TensorSpec _spec;
    private readonly ValueGetter<T>? _scalar;
    private readonly ValueGetter<VBuffer<T>>? _vector;
    private readonly List<T> _values = [];
    private VBuffer<T> _buffer;
    private int _length;

    public NumberOutput(int place, TensorSpec spec, DataViewRow row, DataViewSchema.Column column)
    {
        _place = place;
        _spec = spec;
        if (column.Type is VectorDataViewType)
        {
            _vector = row.GetGetter<VBuffer<T>>(column);
        }
        else
        {
            _scalar = row.GetGetter<T>(column);
        }
    }

    /// <inheritdoc />
    public void Begin()
    {
        _values.Clear();
        _length = -1;
    }

    /// <inheritdoc />
    public void Read()
    {
        if (_scalar is not null)
        {
            T value = default;
            _scalar(ref value);
            _values.Add(value);
            return;
        }

        _vector!(ref _buffer);
        if (_length >= 0 && _buffer.Length != _length)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"output '{_spec.Name}' has {_length} elements in one row and {_buffer.Length} in another; ask for rows of one length at once");
        }

        _length = _buffer.Length;
        var before = _values.Count;
        CollectionsMarshal.SetCount(_values, before + _length);
        _buffer.CopyTo(CollectionsMarshal.AsSpan(_values)[before..]);
    }

    /// <inheritdoc />
    public void Finish(ExecutionBatch batch)
    {
        var data = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_values));
        data.CopyTo(batch.AllocateOutput(_place, OutputShape.Of(_spec, batch.Rows, _length), data.Length).Span);
    }
}

using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>Reads the values of one input, row by row. One that is not given has zeros, empty texts, or false.</summary>
internal abstract class InputColumn<T> : IInputColumn
{
    // Of a column whose rows have any number of elements, none that is given has none.
    private readonly int _usualLength;
    private readonly T[] _usual;
    private int _length;
    private bool _isGiven;

    protected InputColumn(DataViewType type, T usual)
    {
        _usualLength = _length = type is VectorDataViewType vector ? vector.Size : 1;
        _usual = [.. Enumerable.Repeat(usual, _usualLength)];
        Getter = type is VectorDataViewType ? MakeVector() : MakeScalar();
    }

    /// <inheritdoc />
    public Delegate Getter { get; }

    /// <inheritdoc />
    public int Row { get; set; }

    /// <summary>The values of all rows.</summary>
    protected abstract ReadOnlySpan<T> All { get; }

    private ReadOnlySpan<T> Values => _isGiven ? All.Slice(Row * _length, _length) : _usual;

    /// <inheritdoc />
    public void Begin(in TensorView tensor, int rows)
    {
        Take(tensor);
        _isGiven = true;
        _length = rows == 0 ? 0 : All.Length / rows;
        if (rows > 0 && _usualLength > 0 && All.Length != rows * _usualLength)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"expected {_usualLength} elements in each row of input '{tensor.Name}', got the shape {tensor.Shape}");
        }
    }

    /// <inheritdoc />
    public void End()
    {
        Take(default);
        _isGiven = false;
    }

    /// <summary>Takes the values of an execution, or lets go of them.</summary>
    protected abstract void Take(in TensorView tensor);

    private ValueGetter<T> MakeScalar() => (ref T value) => value = Values[0];

    private ValueGetter<VBuffer<T>> MakeVector() => (ref VBuffer<T> value) =>
    {
        var values = Values;
        var editor = VBufferEditor.Create(ref value, values.Length);
        values.CopyTo(editor.Values);
        value = editor.Commit();
    };
}

using System.Text;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>An output of texts, in UTF-8.</summary>
internal sealed class TextOutput : IOutputColumn
{
    private readonly int _place;
    private readonly TensorSpec _spec;
    private readonly ValueGetter<ReadOnlyMemory<char>>? _scalar;
    private readonly ValueGetter<VBuffer<ReadOnlyMemory<char>>>? _vector;
    private readonly List<byte[]> _texts = [];
    private VBuffer<ReadOnlyMemory<char>> _buffer;
    private int _length;

    public TextOutput(int place, TensorSpec spec, DataViewRow row, DataViewSchema.Column column)
    {
        _place = place;
        _spec = spec;
        if (column.Type is VectorDataViewType)
        {
            _vector = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
        }
        else
        {
            _scalar = row.GetGetter<ReadOnlyMemory<char>>(column);
        }
    }

    /// <inheritdoc />
    public void Begin()
    {
        _texts.Clear();
        _length = -1;
    }

    /// <inheritdoc />
    public void Read()
    {
        if (_scalar is not null)
        {
            ReadOnlyMemory<char> value = default;
            _scalar(ref value);
            Add(value);
            return;
        }

        _vector!(ref _buffer);
        if (_length >= 0 && _buffer.Length != _length)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"output '{_spec.Name}' has {_length} elements in one row and {_buffer.Length} in another; ask for rows of one length at once");
        }

        _length = _buffer.Length;
        foreach (var text in _buffer.DenseValues())
        {
            Add(text);
        }
    }

    /// <inheritdoc />
    public void Finish(ExecutionBatch batch)
    {
        var length = _texts.Sum(static text => (long)BytesTensor.PrefixSize + text.Length);
        var rest = batch.AllocateOutput(_place, OutputShape.Of(_spec, batch.Rows, _length), length).Span;
        foreach (var text in _texts)
        {
            rest = rest[BytesTensor.Write(rest, text)..];
        }
    }

    private void Add(ReadOnlyMemory<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text.Span)];
        Encoding.UTF8.GetBytes(text.Span, bytes);
        _texts.Add(bytes);
    }
}

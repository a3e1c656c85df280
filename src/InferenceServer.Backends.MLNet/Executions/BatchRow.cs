using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.MLNet.Columns;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>The row of an execution's inputs that is looked at, as ML.NET sees it.</summary>
internal sealed class BatchRow : DataViewRow
{
    // By the columns' places; null where no tensor could hold the values, and so none is ever given.
    private readonly IInputColumn?[] _columns;

    // What is computed of a row is kept until the position changes: rows of later executions must never have the number of an earlier one.
    private long _position = -1;

    /// <summary>Makes a row of some columns.</summary>
    public BatchRow(DataViewSchema schema)
    {
        Schema = schema;
        _columns = [.. schema.Select(static column => ColumnType.Of(column.Type) is { } type ? ColumnMaker.Input(type.Element, column.Type) : null)];
    }

    /// <inheritdoc />
    public override DataViewSchema Schema { get; }

    /// <inheritdoc />
    public override long Position => _position;

    /// <inheritdoc />
    public override long Batch => 0;

    /// <summary>Begins with an execution, in front of its first row.</summary>
    public void Begin(ExecutionBatch batch)
    {
        foreach (var input in batch.Inputs)
        {
            _columns[Schema[input.Name].Index]!.Begin(input, batch.Rows);
        }
    }

    /// <summary>Goes to a row of it.</summary>
    public void MoveTo(int row)
    {
        _position++;
        foreach (var column in _columns)
        {
            _ = column?.Row = row;
        }
    }

    /// <summary>Lets go of its memory.</summary>
    public void End() => Array.ForEach(_columns, static column => column?.End());

    /// <inheritdoc />
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _columns[column.Index] switch
    {
        null => static (ref TValue value) => value = default!,
        var input => input.Getter as ValueGetter<TValue> ?? throw new InvalidOperationException($"column '{column.Name}' is of the type {column.Type}, and {typeof(TValue).Name} was asked for"),
    };

    /// <inheritdoc />
    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)_position, 0);

    /// <inheritdoc />
    public override bool IsColumnActive(DataViewSchema.Column column) => true;
}

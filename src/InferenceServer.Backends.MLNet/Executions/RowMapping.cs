using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.MLNet.Columns;
using Microsoft.ML;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>A pipeline over a row that moves. Made once: to build it takes a thousand times as long as to compute a row.</summary>
internal sealed class RowMapping : IDisposable
{
    // Between two looks at whether anybody still waits.
    private const int RowsAtOnce = 64;

    private readonly BatchRow _row;
    private readonly DataViewRow _result;
    private readonly IOutputColumn[] _outputs;

    /// <summary>Builds it.</summary>
    public RowMapping(PipelineColumns columns)
    {
        _row = new BatchRow(columns.Schema);
        var made = columns.Signature.Outputs.Select(output => columns.Mapper.OutputSchema[output.Name]).ToList();
        _result = columns.Mapper.GetRow(_row, made);
        _outputs = [.. made.Select((column, place) => ColumnMaker.Output(place, columns.Signature.Outputs[place], _result, column))];
    }

    /// <summary>Computes the outputs that are wanted.</summary>
    public void Execute(ExecutionBatch batch)
    {
        var wanted = _outputs.Where((_, place) => batch.IsRequested(place)).ToList();
        _row.Begin(batch);
        try
        {
            wanted.ForEach(static output => output.Begin());
            for (var row = 0; row < batch.Rows; row++)
            {
                if (row % RowsAtOnce == 0 && batch.Cancellation.IsCancellationRequested)
                {
                    throw new BackendException(ErrorCode.Cancelled, "nobody waits for the answer any more");
                }

                _row.MoveTo(row);
                foreach (var output in wanted)
                {
                    output.Read();
                }
            }

            wanted.ForEach(output => output.Finish(batch));
        }
        finally
        {
            _row.End();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _result.Dispose();
        _row.Dispose();
    }
}

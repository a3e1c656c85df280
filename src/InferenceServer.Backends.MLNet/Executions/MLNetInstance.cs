using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.MLNet.Columns;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>One lane, with a mapping of its own.</summary>
internal sealed class MLNetInstance(PipelineColumns columns) : IModelInstance
{
    private RowMapping _mapping = new(columns);

    /// <inheritdoc />
    public void Execute(ExecutionBatch batch)
    {
        try
        {
            _mapping.Execute(batch);
        }
        catch (Exception exception) when (exception is not BackendException)
        {
            // Half a row may be in its buffers.
            _mapping.Dispose();
            _mapping = new RowMapping(columns);
            throw new BackendException(ErrorCode.Internal, $"the pipeline failed: {exception.Message}", exception);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _mapping.Dispose();
}

using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.MLNet.Columns;
using Microsoft.ML;

namespace InferenceServer.Backends.MLNet;

/// <summary>
/// Serves pipelines that <c>MLContext.Model.Save</c> has written. Each input column that the pipeline needs is an input, each column that it makes an output, and rows are the batch dimension.
/// </summary>
public sealed class MLNetBackend : IBackend
{
    /// <inheritdoc />
    public BackendDescriptor Descriptor { get; } = new("mlnet") { Platform = "mlnet_zip", ModelFilenames = ["model.zip"], DescribesModels = true };

    /// <inheritdoc />
    public ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        if (context.ModelFile is not { } file)
        {
            throw new BackendException(ErrorCode.InvalidArgument, "the mlnet backend needs a model file, and none was given");
        }

        var (pipeline, schema) = Read(file);
        try
        {
            return ValueTask.FromResult<IBackendModel>(new MLNetModel(pipeline, PipelineColumns.Of(pipeline, schema, context.Log)));
        }
        catch
        {
            (pipeline as IDisposable)?.Dispose();
            throw;
        }
    }

    private static (ITransformer Pipeline, DataViewSchema Schema) Read(string file)
    {
        ITransformer pipeline;
        DataViewSchema? schema;
        try
        {
            pipeline = new MLContext().Model.Load(file, out schema);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Whatever a damaged archive has the reader trip over: it has dozens of ways to say so.
            throw new BackendException(ErrorCode.Internal, $"'{Path.GetFileName(file)}' cannot be read as a model that ML.NET has saved: {exception.Message}", exception);
        }

        if (schema is null || !pipeline.IsRowToRowMapper)
        {
            (pipeline as IDisposable)?.Dispose();
            throw new BackendException(ErrorCode.Unsupported, schema is null
                ? $"'{Path.GetFileName(file)}' has been saved without the schema of its input; give it to MLContext.Model.Save"
                : $"'{Path.GetFileName(file)}' has a step that does not work row by row, such as a filter or a forecast, and cannot answer requests of any rows");
        }

        return (pipeline, schema);
    }
}

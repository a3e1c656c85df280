using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace InferenceServer.Backends.MLNet.Columns;

/// <summary>The columns of a pipeline, and which of them are inputs and outputs of the model.</summary>
internal sealed class PipelineColumns
{
    // The annotation of what a predictor makes: its score and what follows from it.
    private const string ScoreSet = "ScoreColumnSetId";

    private PipelineColumns(DataViewSchema schema, IRowToRowMapper mapper, ModelSignature signature)
    {
        Schema = schema;
        Mapper = mapper;
        Signature = signature;
    }

    /// <summary>The columns that the pipeline begins with.</summary>
    public DataViewSchema Schema { get; }

    /// <summary>The pipeline over rows of these.</summary>
    public IRowToRowMapper Mapper { get; }

    /// <summary>What clients see of it.</summary>
    public ModelSignature Signature { get; }

    /// <summary>Finds out what a pipeline needs and makes.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="saved">The columns that it was fitted on, which were saved with it.</param>
    /// <param name="log">Where to say what is left out.</param>
    public static PipelineColumns Of(ITransformer pipeline, DataViewSchema saved, IBackendLog log)
    {
        var schema = Visible(saved);
        var mapper = pipeline.GetRowToRowMapper(schema);
        var made = mapper.OutputSchema.Where(column => !column.IsHidden && IsMade(mapper.OutputSchema, column, schema)).ToList();

        // A pipeline begins with the columns of its training, and often prepares the label, too. What its predictions do not follow from need not be sent.
        var predictions = made.Where(static column => column.Annotations.Schema.GetColumnOrNull(ScoreSet) is not null).ToList();
        var needed = mapper.GetDependencies(predictions.Count > 0 ? predictions : made).Select(static column => column.Name).ToHashSet(StringComparer.Ordinal);
        var inputs = ImmutableArray.CreateBuilder<TensorSpec>();
        foreach (var column in schema)
        {
            if (ColumnType.Of(column.Type) is { } type)
            {
                inputs.Add(new TensorSpec(column.Name, type.Element, type.Shape) { IsOptional = !needed.Contains(column.Name) });
            }
            else if (needed.Contains(column.Name))
            {
                throw new BackendException(ErrorCode.Unsupported, $"the model needs the column '{column.Name}' of the type {column.Type}, which no tensor can hold");
            }
        }

        // What is made on the way to a prediction is there for whoever names it: a bag of words is large.
        var firstPrediction = predictions.Count > 0 ? predictions.Min(static column => column.Index) : 0;
        var outputs = ImmutableArray.CreateBuilder<TensorSpec>();
        foreach (var column in made)
        {
            if (ColumnType.Of(column.Type) is { } type)
            {
                outputs.Add(new TensorSpec(column.Name, type.Element, type.Shape) { IsOptional = column.Index < firstPrediction });
            }
            else
            {
                log.Info($"the column '{column.Name}' of the type {column.Type} is not among the outputs: no tensor can hold it");
            }
        }

        return outputs.Count > 0
            ? new PipelineColumns(schema, mapper, new ModelSignature(inputs.ToImmutable(), outputs.ToImmutable()))
            : throw new BackendException(ErrorCode.Unsupported, "the model makes no column that a tensor could hold");
    }

    private static DataViewSchema Visible(DataViewSchema saved)
    {
        var builder = new DataViewSchema.Builder();
        foreach (var column in saved.Where(static column => !column.IsHidden))
        {
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        }

        return builder.ToSchema();
    }

    /// <summary>One that is handed on is there once; one that is made anew hides the one that was given.</summary>
    private static bool IsMade(DataViewSchema result, DataViewSchema.Column column, DataViewSchema given) =>
        given.GetColumnOrNull(column.Name) is null || result.Count(other => other.Name == column.Name) > 1;
}

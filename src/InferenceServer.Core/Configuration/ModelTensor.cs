using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Core.Configuration;

/// <summary>One input or output of a model as it is served: what clients send or get, and what the model takes or gives.</summary>
/// <param name="Name">The name, unique among the inputs or among the outputs.</param>
/// <param name="DataType">The element type.</param>
public sealed record ModelTensor(string Name, TensorDataType DataType)
{
    /// <summary>The dimensions as configured, without the batch dimension.</summary>
    public required TensorShape Dims { get; init; }

    /// <summary>The full shape that clients send and see: <see cref="Dims"/>, with -1 in front when the model batches.</summary>
    public required TensorShape Shape { get; init; }

    /// <summary>The full shape that the model sees; -1 in front when the model batches.</summary>
    public required TensorShape ModelShape { get; init; }

    /// <summary>
    /// True when a client's shape must be turned into the model's by <see cref="ToModelShape"/> and back by <see cref="ToClientShape"/>:
    /// the configuration gives a reshape, or the model's tensor is a scalar.
    /// </summary>
    public bool HasReshape { get; init; }

    /// <summary>True for an input that a request may leave out.</summary>
    public bool IsOptional { get; init; }

    /// <summary>
    /// True for an input that may have another shape in every request of a batch: the model gets the elements of all of them in one flat tensor
    /// (<c>allow_ragged_batch</c>).
    /// </summary>
    public bool AllowsRagged { get; init; }

    /// <summary>The file of class labels in the model's folder, one a line; null when there is none.</summary>
    public string? LabelFilename { get; init; }

    /// <summary>The model's shape of a tensor that a client sent with <paramref name="shape"/>, which <see cref="Shape"/> accepts.</summary>
    public TensorShape ToModelShape(in TensorShape shape) => HasReshape ? Fill(Shape, ModelShape, shape) : shape;

    /// <summary>The client's shape of a tensor that the model gave with <paramref name="shape"/>, which <see cref="ModelShape"/> accepts.</summary>
    public TensorShape ToClientShape(in TensorShape shape) => HasReshape ? Fill(ModelShape, Shape, shape) : shape;

    // The free dimensions of both sides correspond in order: the rules of configuration see to it.
    private static TensorShape Fill(in TensorShape from, in TensorShape to, in TensorShape actual)
    {
        Span<long> result = stackalloc long[TensorShape.MaxRank];
        to.AsSpan().CopyTo(result);
        var source = 0;
        for (var i = 0; i < to.Rank; i++)
        {
            if (to[i] != TensorShape.Free)
            {
                continue;
            }

            while (source < from.Rank && from[source] != TensorShape.Free)
            {
                source++;
            }

            if (source < actual.Rank)
            {
                result[i] = actual[source++];
            }
        }

        return new TensorShape(result[..to.Rank]);
    }
}

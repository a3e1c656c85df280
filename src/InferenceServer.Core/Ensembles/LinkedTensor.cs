using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Ensembles;

/// <summary>What is known of a tensor of an ensemble before there is a request.</summary>
/// <param name="Type">The element type.</param>
/// <param name="Dims">The dimensions without the batch dimension.</param>
/// <param name="Full">The dimensions with it, where whoever writes the tensor has one.</param>
/// <param name="Words">How messages call who writes it.</param>
internal sealed record LinkedTensor(TensorDataType Type, TensorShape Dims, TensorShape Full, string Words)
{
    /// <summary>The decoupled step for each of whose responses there is another one; <see cref="EnsemblePlan.Root"/> for one a request.</summary>
    public int Scope { get; init; } = EnsemblePlan.Root;

    public static LinkedTensor Of(ModelTensor tensor, string words) => new(tensor.DataType, tensor.Dims, tensor.Shape, words);

    /// <summary>What items are put together to; null when that has too many dimensions.</summary>
    public static LinkedTensor? OfItems(ModelTensor tensor, string words) =>
        tensor.Dims.Rank == TensorShape.MaxRank ? null : new(tensor.DataType, tensor.Dims.Prepend(TensorShape.Free), tensor.Dims.Prepend(TensorShape.Free), words);

    /// <summary>One item of it; null when it has no dimension to be cut along.</summary>
    public LinkedTensor? Item() => Full.Rank == 0 ? null : new(Type, Full.WithoutFirst(), Full.WithoutFirst(), Words);

    /// <summary>
    /// True when a tensor of the one may be one of the other: of equal dimensions as far as both are known. Between who batches and who does not, the batch dimension may be a dimension as any
    /// other, or may be left out.
    /// </summary>
    public bool Fits(LinkedTensor other) => Fit(Dims, other.Dims) || Fit(Full, other.Full);

    private static bool Fit(in TensorShape one, in TensorShape other)
    {
        if (one.Rank != other.Rank)
        {
            return false;
        }

        for (var i = 0; i < one.Rank; i++)
        {
            if (one[i] != other[i] && one[i] != TensorShape.Free && other[i] != TensorShape.Free)
            {
                return false;
            }
        }

        return true;
    }
}

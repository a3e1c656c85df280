using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Ensembles;

/// <summary>
/// Brings a tensor from where there is a batch dimension to where there is none, or back. A tensor of one row loses its first dimension, and one without rows becomes one row; whatever
/// fits neither way stays as it is, and is refused where it is held against what was expected.
/// </summary>
internal static class BatchDimension
{
    /// <summary>The shape under which a tensor goes to where <paramref name="expected"/> is wanted.</summary>
    /// <param name="shape">The tensor's shape.</param>
    /// <param name="expected">The input or output that it goes to.</param>
    /// <param name="isBatching">True when there is a batch dimension there.</param>
    public static TensorShape Conform(in TensorShape shape, ModelTensor expected, bool isBatching)
    {
        if (expected.Shape.Accepts(shape))
        {
            return shape;
        }

        return isBatching
            ? shape.Rank < TensorShape.MaxRank && expected.Shape.Accepts(shape.Prepend(1)) ? shape.Prepend(1) : shape
            : shape.Rank > 0 && shape[0] == 1 && expected.Shape.Accepts(shape.WithoutFirst()) ? shape.WithoutFirst() : shape;
    }
}

using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>The shape of an output of so many rows.</summary>
internal static class OutputShape
{
    /// <summary>The shape without free dimensions.</summary>
    /// <param name="spec">The output.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="length">The elements of each row, where the model does not say; -1 when there are no rows to know it from.</param>
    public static TensorShape Of(TensorSpec spec, int rows, int length)
    {
        var dimensions = spec.Shape.AsSpan().ToArray();
        dimensions[0] = rows;
        for (var i = 1; i < dimensions.Length; i++)
        {
            dimensions[i] = dimensions[i] < 0 ? Math.Max(0, length) : dimensions[i];
        }

        return new TensorShape(dimensions);
    }
}

using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Torch.Executions;

/// <summary>The shape of an output that is a list or a single value in the model, and so has none there.</summary>
internal static class OutputShape
{
    /// <summary>The configured shape, with what is free in it filled up.</summary>
    /// <exception cref="BackendException">That many elements do not make such a shape.</exception>
    public static TensorShape Fit(TensorSpec spec, long elements)
    {
        var sizes = spec.Shape.AsSpan().ToArray();
        var free = Array.IndexOf(sizes, TensorShape.Free);
        var known = 1L;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (i != free)
            {
                // Only one can be found out; others that are free are 1.
                sizes[i] = sizes[i] == TensorShape.Free ? 1 : sizes[i];
                known *= sizes[i];
            }
        }

        if (free >= 0)
        {
            sizes[free] = known == 0 ? 0 : elements / known;
            known *= sizes[free];
        }

        return known == elements
            ? new TensorShape(sizes)
            : throw new BackendException($"the model gives {elements} elements for output '{spec.Name}', which do not fit the configured shape {spec.Shape}");
    }
}

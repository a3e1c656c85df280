using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Scheduling;

/// <summary>
/// Turns the shapes that clients see into those that the model sees, and back, where the configuration reshapes a tensor. The bytes are
/// the same; the k-th free dimension of one side is the k-th free dimension of the other.
/// </summary>
internal static class ShapeMapping
{
    public static TensorView ToModel(ModelConfig config, in TensorView input)
    {
        foreach (var tensor in config.Inputs)
        {
            if (tensor.HasReshape && tensor.Name == input.Name)
            {
                return input.WithShape(Map(input.Shape, tensor.Shape, tensor.ModelShape));
            }
        }

        return input;
    }

    public static TensorShape Map(in TensorShape actual, in TensorShape from, in TensorShape to)
    {
        Span<long> result = stackalloc long[TensorShape.MaxRank];
        var next = 0;
        for (var i = 0; i < to.Rank; i++)
        {
            var dimension = to[i];
            if (dimension == TensorShape.Free)
            {
                while (next < from.Rank && from[next] != TensorShape.Free)
                {
                    next++;
                }

                dimension = next < actual.Rank ? actual[next++] : 1;
            }

            result[i] = dimension;
        }

        return new TensorShape(result[..to.Rank]);
    }
}

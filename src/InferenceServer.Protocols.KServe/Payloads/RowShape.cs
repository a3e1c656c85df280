using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>
/// Finds out which tensor of a model is meant by an array that a person has written down or computed: it need not have the dimensions that
/// say nothing. The first reading that the model's shape accepts is the one that counts.
/// </summary>
internal static class RowShape
{
    /// <summary>Fits an array's shape to a model's.</summary>
    /// <param name="model">The model's shape, with -1 where any size goes.</param>
    /// <param name="given">The array's shape.</param>
    /// <param name="shape">What the model accepts, with as many elements.</param>
    public static bool TryFit(in TensorShape model, in TensorShape given, out TensorShape shape)
    {
        // As it is.
        shape = given;
        if (model.Accepts(shape))
        {
            return true;
        }

        // One row without the array around it.
        if (given.Rank < TensorShape.MaxRank && model.Accepts(shape = given.Prepend(1)))
        {
            return true;
        }

        // Without the model's dimensions of 1; and one row of that kind.
        if ((TryPutOnesIn(model, given, false, out shape) || TryPutOnesIn(model, given, true, out shape)) && model.Accepts(shape))
        {
            return true;
        }

        // Rows that are flat where the model's have several dimensions; and one of them.
        if (given.Rank is 1 or 2 && model.Rank > 2 && model.WithoutFirst().TryGetElementCount(out var row) && given[given.Rank - 1] == row)
        {
            shape = model.WithFirst(given.Rank == 1 ? 1 : given[0]);
            return model.Accepts(shape);
        }

        return false;
    }

    private static bool TryPutOnesIn(in TensorShape model, in TensorShape given, bool isOneRow, out TensorShape shape)
    {
        Span<long> dimensions = stackalloc long[TensorShape.MaxRank];
        var place = 0;
        for (var i = 0; i < model.Rank; i++)
        {
            if (model[i] == 1 || (i == 0 && isOneRow))
            {
                dimensions[i] = 1;
            }
            else if (place < given.Rank)
            {
                dimensions[i] = given[place++];
            }
            else
            {
                shape = default;
                return false;
            }
        }

        shape = new TensorShape(dimensions[..model.Rank]);
        return place == given.Rank;
    }
}

using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Generate;

/// <summary>
/// Finds the shape of an input from how many elements came: the innermost free dimension takes what the fixed ones leave, every other free
/// one, that of the batch included, is 1. No elements are an empty tensor where a free dimension allows it.
/// </summary>
internal static class GenerateShape
{
    /// <returns>False when the elements do not fill the shape.</returns>
    public static bool TryMake(in TensorShape model, long elements, out TensorShape shape)
    {
        shape = default;
        Span<long> dimensions = stackalloc long[TensorShape.MaxRank];
        var innermost = -1;
        for (var i = 0; i < model.Rank; i++)
        {
            dimensions[i] = model[i] == TensorShape.Free ? 1 : model[i];
            innermost = model[i] == TensorShape.Free ? i : innermost;
        }

        dimensions = dimensions[..model.Rank];
        if (!new TensorShape(dimensions).TryGetElementCount(out var fixedCount))
        {
            return false;
        }

        if (innermost >= 0 && fixedCount > 0)
        {
            dimensions[innermost] = elements / fixedCount;
            fixedCount *= elements / fixedCount;
        }

        shape = new TensorShape(dimensions);
        return fixedCount == elements;
    }
}

using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Inputs;

/// <summary>Chooses a shape that a model's metadata allows.</summary>
internal static class InputShape
{
    /// <exception cref="BenchException">What was asked for does not fit the metadata.</exception>
    public static long[] Of(ModelMetadata model, TensorMetadata metadata, InputOptions options)
    {
        var shape = metadata.Shape.ToArray();
        var hasRows = shape.Length > 0 && shape[0] == -1;
        if (options.Shapes.TryGetValue(metadata.Name, out var given))
        {
            var whole = hasRows && given.Length == shape.Length - 1 ? [options.Rows, .. given] : given;
            return Fits(metadata, whole)
                ? whole
                : throw new BenchException($"--shape {metadata.Name}:{string.Join(',', given)}: input '{metadata.Name}' of model '{model.Name}' has the shape {Text(shape)}, where -1 takes any size");
        }

        if (options.Rows > 1 && !hasRows)
        {
            throw new BenchException($"--rows {options.Rows}: input '{metadata.Name}' of model '{model.Name}' has the fixed shape {Text(shape)}; only a leading -1 can be set");
        }

        for (var i = 0; i < shape.Length; i++)
        {
            shape[i] = shape[i] >= 0 ? shape[i] : i == 0 ? options.Rows : 1;
        }

        return shape;
    }

    /// <summary>Whether a shape has the rank and the fixed dimensions that the metadata states.</summary>
    public static bool Fits(TensorMetadata metadata, IReadOnlyList<long> shape) =>
        shape.Count == metadata.Shape.Count && shape.Zip(metadata.Shape).All(static pair => pair.Second == -1 ? pair.First >= 0 : pair.First == pair.Second);

    /// <summary>A shape as it is printed.</summary>
    public static string Text(IEnumerable<long> shape) => $"[{string.Join(',', shape)}]";
}

using CsCheck;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.FunctionalTests.RoundTrips;

/// <summary>A tensor of any type, shape and content.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Shape">1 to 8 dimensions, some of them 0 now and then.</param>
/// <param name="Data">Its bytes as the binary form of the protocol has them.</param>
internal sealed record AnyTensor(TensorDataType Type, int[] Shape, byte[] Data)
{
    /// <summary>Most tensors have this many elements or fewer.</summary>
    private const int Small = 300;

    /// <summary>Some have up to as many, which is more than any buffer of the server holds at once.</summary>
    private const int Large = 100_000;

    public int Elements => Count(Shape);

    /// <summary>A type, a rank, and two tensors of them.</summary>
    public static Gen<(AnyTensor A, AnyTensor B)> Pairs { get; } =
        Gen.Select(Gen.Int[0, TensorDataTypes.All.Length - 1], Gen.Int[1, TensorShape.MaxRank], Gen.Int[0, 199].Array[2 * TensorShape.MaxRank], Gen.Int[0, 19], Gen.Int).Select(
            static (place, rank, sizes, luck, seed) =>
            {
                var type = TensorDataTypes.All[place];
                var budget = luck == 0 ? Large : Small;
                return (Make(type, ShapeOf(sizes.AsSpan(0, rank), budget), seed), Make(type, ShapeOf(sizes.AsSpan(TensorShape.MaxRank, rank), budget), ~seed));
            });

    /// <summary>A tensor of one dimension, of any type but BYTES.</summary>
    public static Gen<AnyTensor> Vectors { get; } =
        Gen.Select(Gen.Int[0, TensorDataTypes.All.Length - 1], Gen.Int[0, 199], Gen.Int[0, 19], Gen.Int)
            .Where(static (place, _, _, _) => TensorDataTypes.All[place] != TensorDataType.Bytes)
            .Select(static (place, size, luck, seed) => Make(TensorDataTypes.All[place], ShapeOf([size], luck == 0 ? Large : Small), seed));

    /// <summary>A tensor with the content that the seed gives; BYTES are texts in UTF-8, so that JSON can carry them.</summary>
    public static AnyTensor Make(TensorDataType type, int[] shape, int seed)
    {
        // Not for secrets: the same seed gives the same content.
        var random = new Random(seed);
        var data = type == TensorDataType.Bytes ? ElementBytes.Texts(Count(shape), random) : new byte[Count(shape) * type.ElementSize()];
        if (type != TensorDataType.Bytes)
        {
            random.NextBytes(data);
            ElementBytes.Season(type, data, random);
        }

        return new AnyTensor(type, shape, data);
    }

    public override string ToString() => $"{Type} [{string.Join(',', Shape)}] {Convert.ToHexString(Data.AsSpan(0, Math.Min(Data.Length, 100)))}";

    private static int[] ShapeOf(ReadOnlySpan<int> sizes, int budget)
    {
        var shape = new int[sizes.Length];
        var typical = Math.Pow(budget, 1.0 / sizes.Length);
        var left = budget;
        for (var i = 0; i < shape.Length; i++)
        {
            shape[i] = sizes[i] < 5 ? 0 : Math.Clamp((int)(typical * sizes[i] / 100), 1, Math.Max(left, 1));
            left /= Math.Max(shape[i], 1);
        }

        return shape;
    }

    private static int Count(int[] shape) => shape.Aggregate(1, static (product, size) => product * size);
}

using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Microbenchmarks.Tensors;

/// <summary>A tensor that a stage is given.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Count">How many elements it has.</param>
/// <param name="AreFractions">True for numbers that have no short form.</param>
internal sealed record TensorCase(TensorDataType Type, int Count, bool AreFractions = false)
{
    /// <summary>The lengths that are measured.</summary>
    public static int[] Counts { get; } = [16, 1_000, 100_000];

    /// <summary>Every type in every length, and the numbers that can be fractions as such, too.</summary>
    public static IEnumerable<TensorCase> All { get; } =
        [.. from type in TensorDataTypes.All.ToArray() from areFractions in (bool[])[false, true] where !areFractions || Elements.HasFractions(type) from count in Counts select new TensorCase(type, count, areFractions)];

    /// <summary>Its elements as memory holds them.</summary>
    public byte[] Bytes => Elements.Bytes(Type, Count, AreFractions);

    /// <summary>Its elements as an array of JSON.</summary>
    public string Json => Elements.Json(Type, Count, AreFractions);

    public override string ToString() => $"{Type.ProtocolName()} {Count}{(AreFractions ? " fractions" : "")}";
}

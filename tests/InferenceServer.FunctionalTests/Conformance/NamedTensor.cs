using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.FunctionalTests.Conformance;

/// <summary>A tensor as the binary protocols carry it.</summary>
/// <param name="Name">Its name; empty where that is not known.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Data">Its elements.</param>
internal sealed record NamedTensor(string Name, TensorDataType Type, long[] Shape, byte[] Data)
{
    /// <summary>The shape that clients send and get: a scalar of a model that does not batch is one element.</summary>
    public long[] WireShape => Shape.Length == 0 ? [1] : Shape;

    public static bool AreSame(NamedTensor? one, NamedTensor? other) => one is null ? other is null : other is not null && one.Data.AsSpan().SequenceEqual(other.Data);

    /// <summary>What differs in an answer; null when nothing does.</summary>
    public string? Differs(string type, IEnumerable<long> shape, ReadOnlySpan<byte> data)
    {
        var other = shape.ToArray();
        return type != Type.ProtocolName() ? $"'{Name}' is {type}, expected {Type.ProtocolName()}"
            : !other.SequenceEqual(WireShape) ? $"'{Name}' is of the shape [{string.Join(',', other)}], expected [{string.Join(',', WireShape)}]"
            : !data.SequenceEqual(Data) ? $"'{Name}' of {Data.Length} bytes differs"
            : null;
    }
}

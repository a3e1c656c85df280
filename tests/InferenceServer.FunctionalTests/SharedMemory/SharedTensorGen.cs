using CsCheck;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.FunctionalTests.SharedMemory;

/// <summary>Makes tensors of any type and shape, of any bytes.</summary>
internal static class SharedTensorGen
{
    public const int MaxRank = 3;

    /// <summary>The object is twice as long: inputs lie in the first half, outputs in the second.</summary>
    public const int Half = 1 << 16;

    public static TensorDataType[] Types { get; } = TensorDataTypes.All.ToArray();

    public static Gen<SharedTensor> Tensors { get; } =
        from type in Gen.OneOfConst(Types)
        from shape in Gen.Long[0, 6].Array[1, MaxRank]
        let elements = (int)shape.Aggregate(1L, static (product, dimension) => product * dimension)
        from content in type == TensorDataType.Bytes ? Strings(elements) : Gen.Byte.Array[elements * type.ElementSize()]
        from inputOffset in Gen.Long[0, Half - 1 - content.Length]
        from room in Gen.Int[0, 9]
        from outputOffset in Gen.Long[Half + 1, (2 * Half) - 1 - content.Length - room]
        select new SharedTensor(type.ProtocolName(), shape, content, inputOffset, outputOffset, room);

    private static Gen<byte[]> Strings(int elements) => Gen.Byte.Array[0, 20].Array[elements].Select(static strings =>
    {
        var bytes = new byte[strings.Sum(static text => BytesTensor.PrefixSize + text.Length)];
        var written = 0;
        foreach (var text in strings)
        {
            written += BytesTensor.Write(bytes.AsSpan(written), text);
        }

        return bytes;
    });
}

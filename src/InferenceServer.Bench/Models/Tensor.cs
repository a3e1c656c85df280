namespace InferenceServer.Bench.Models;

/// <summary>A named tensor in the layout of the binary extension: little-endian, row-major, BYTES elements behind a 4-byte length.</summary>
internal sealed record Tensor(string Name, string DataType, IReadOnlyList<long> Shape, byte[] Data)
{
    public long ElementCount => DataTypes.Count(Shape);
}

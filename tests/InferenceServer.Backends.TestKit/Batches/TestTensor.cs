using System.Runtime.InteropServices;
using System.Text;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.TestKit.Batches;

/// <summary>A tensor in managed memory: what a test gives to a backend or got from it.</summary>
public sealed class TestTensor(string name, TensorDataType dataType, TensorShape shape, byte[] data)
{
    public string Name { get; } = name;

    public TensorDataType DataType { get; } = dataType;

    public TensorShape Shape { get; } = shape;

    public ReadOnlyMemory<byte> Data { get; } = data;

    public static TestTensor Of<T>(string name, TensorDataType dataType, TensorShape shape, params ReadOnlySpan<T> values)
        where T : unmanaged => new(name, dataType, shape, MemoryMarshal.AsBytes(values).ToArray());

    public static TestTensor Fp32(string name, TensorShape shape, params ReadOnlySpan<float> values) => Of(name, TensorDataType.Fp32, shape, values);

    public static TestTensor Int64(string name, TensorShape shape, params ReadOnlySpan<long> values) => Of(name, TensorDataType.Int64, shape, values);

    public static TestTensor Bytes(string name, TensorShape shape, params ReadOnlySpan<byte[]> elements)
    {
        var data = new byte[elements.ToArray().Sum(static element => BytesTensor.PrefixSize + element.Length)];
        var rest = data.AsSpan();
        foreach (var element in elements)
        {
            rest = rest[BytesTensor.Write(rest, element)..];
        }

        return new TestTensor(name, TensorDataType.Bytes, shape, data);
    }

    public static TestTensor Text(string name, TensorShape shape, params ReadOnlySpan<string> elements) =>
        Bytes(name, shape, [.. elements.ToArray().Select(Encoding.UTF8.GetBytes)]);

    public T[] As<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Data.Span).ToArray();

    public byte[][] Elements()
    {
        var elements = new List<byte[]>();
        var rest = Data.Span;
        while (BytesTensor.TryReadNext(ref rest, out var element))
        {
            elements.Add(element.ToArray());
        }

        return [.. elements];
    }

    public string[] Texts() => [.. Elements().Select(Encoding.UTF8.GetString)];

    /// <summary>The same elements under another name.</summary>
    public TestTensor Named(string other) => new(other, DataType, Shape, Data.ToArray());

    /// <summary>One row of the first dimension, as a batch of one.</summary>
    public TestTensor Row(int row)
    {
        var rows = (int)Shape[0];
        if (DataType != TensorDataType.Bytes)
        {
            var size = Data.Length / rows;
            return new TestTensor(Name, DataType, Shape.WithFirst(1), Data.Slice(row * size, size).ToArray());
        }

        var elements = Elements();
        var each = elements.Length / rows;
        return Bytes(Name, Shape.WithFirst(1), elements.AsSpan(row * each, each));
    }
}

using System.Runtime.InteropServices;
using System.Text;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Testing.Tensors;

/// <summary>Makes and reads tensors for tests.</summary>
public static class TestTensor
{
    public static TensorView Of<T>(ITensorAllocator allocator, string name, TensorDataType type, TensorShape shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        var buffer = allocator.Rent(bytes.Length);
        bytes.CopyTo(buffer.Span);
        return new TensorView(name, type, shape, buffer);
    }

    public static TensorView OfStrings(ITensorAllocator allocator, string name, TensorShape shape, params ReadOnlySpan<string> values)
    {
        var length = 0;
        foreach (var value in values)
        {
            length += BytesTensor.PrefixSize + Encoding.UTF8.GetByteCount(value);
        }

        var buffer = allocator.Rent(length);
        var rest = buffer.Span;
        foreach (var value in values)
        {
            rest = rest[BytesTensor.Write(rest, Encoding.UTF8.GetBytes(value))..];
        }

        return new TensorView(name, TensorDataType.Bytes, shape, buffer);
    }

    public static T[] Read<T>(in TensorView view)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(view.Span).ToArray();

    public static string[] ReadStrings(in TensorView view)
    {
        var result = new List<string>();
        ReadOnlySpan<byte> rest = view.Span;
        while (BytesTensor.TryReadNext(ref rest, out var element))
        {
            result.Add(Encoding.UTF8.GetString(element));
        }

        return [.. result];
    }
}

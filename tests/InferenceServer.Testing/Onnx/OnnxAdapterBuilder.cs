using System.Runtime.InteropServices;
using System.Text;

namespace InferenceServer.Testing.Onnx;

/// <summary>Writes adapter files byte by byte: a flatbuffer, whose tables and fields are those of the published schema.</summary>
/// <param name="formatVersion">The version of the format that the file claims.</param>
public sealed class OnnxAdapterBuilder(int formatVersion = 1)
{
    /// <summary>Four fields of four bytes each, behind the distance to this list.</summary>
    private static readonly short[] s_fields = [12, 20, 4, 8, 12, 16];

    private readonly List<(string Name, OnnxElementType Type, long[] Dimensions, byte[] Data)> _parameters = [];
    private readonly List<byte> _file = [];

    public OnnxAdapterBuilder Floats(string name, long[] dimensions, params ReadOnlySpan<float> values) => Raw(name, OnnxElementType.Float, dimensions, MemoryMarshal.AsBytes(values).ToArray());

    public OnnxAdapterBuilder Raw(string name, OnnxElementType type, long[] dimensions, byte[] data)
    {
        _parameters.Add((name, type, dimensions, data));
        return this;
    }

    /// <summary>The bytes of a file.</summary>
    public byte[] Build()
    {
        _file.Clear();
        var root = Reserve();
        _file.AddRange("TORT"u8);
        BeginTable(root);
        Number(formatVersion);
        Number(1);
        Number(1);
        var list = Reserve();
        Point(list);
        Number(_parameters.Count);
        var places = _parameters.Select(_ => Reserve()).ToList();
        for (var i = 0; i < places.Count; i++)
        {
            var (name, type, dimensions, data) = _parameters[i];
            BeginTable(places[i]);
            var nameAt = Reserve();
            var dimensionsAt = Reserve();
            Number((int)type);
            var dataAt = Reserve();
            var text = Encoding.UTF8.GetBytes(name);
            List(nameAt, 4, text.Length, [.. text, 0]);
            List(dimensionsAt, 8, dimensions.Length, MemoryMarshal.AsBytes(dimensions.AsSpan()));
            List(dataAt, 8, data.Length, data);
        }

        return [.. _file];
    }

    private void BeginTable(int pointer)
    {
        Align(4, 0);
        var fields = _file.Count;
        _file.AddRange(MemoryMarshal.AsBytes(s_fields.AsSpan()));
        Point(pointer);
        Number(_file.Count - fields);
    }

    private void List(int pointer, int alignment, int count, ReadOnlySpan<byte> elements)
    {
        // The elements are aligned, not the number in front of them.
        Align(alignment, sizeof(int));
        Point(pointer);
        Number(count);
        _file.AddRange(elements);
    }

    private void Align(int alignment, int ahead)
    {
        while ((_file.Count + ahead) % alignment != 0)
        {
            _file.Add(0);
        }
    }

    private int Reserve()
    {
        Number(0);
        return _file.Count - sizeof(int);
    }

    private void Point(int pointer)
    {
        Align(4, 0);
        BitConverter.GetBytes(_file.Count - pointer).CopyTo(CollectionsMarshal.AsSpan(_file)[pointer..]);
    }

    private void Number(int value) => _file.AddRange(BitConverter.GetBytes(value));
}

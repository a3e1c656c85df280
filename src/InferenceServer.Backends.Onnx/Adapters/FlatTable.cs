using System.Buffers.Binary;
using System.Text;

namespace InferenceServer.Backends.Onnx.Adapters;

/// <summary>
/// A table of a flatbuffer, read with every place checked: a file may come from a client that loads a model. A table begins with the distance to the list of its fields, and each field of
/// varying size with the distance to where it lies.
/// </summary>
/// <param name="file">The whole file.</param>
/// <param name="start">Where the table begins.</param>
internal readonly ref struct FlatTable(ReadOnlySpan<byte> file, int start)
{
    private readonly ReadOnlySpan<byte> _file = file;
    private readonly int _start = start;

    /// <summary>The table that a file holds.</summary>
    /// <exception cref="InvalidDataException">It holds none, as everywhere below where a place lies outside of the file.</exception>
    public static FlatTable RootOf(ReadOnlySpan<byte> file) => new(file, Follow(file, 0));

    /// <summary>A number; 0 where the table has none.</summary>
    public int Number(int field) => Find(field) is { } place ? BinaryPrimitives.ReadInt32LittleEndian(Cut(_file, place, sizeof(int))) : 0;

    /// <summary>A text; empty where the table has none.</summary>
    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field, 1, out _));

    /// <summary>The elements of a list as they lie there; empty where the table has none.</summary>
    public ReadOnlySpan<byte> Bytes(int field, int elementSize, out int start)
    {
        start = 0;
        if (Find(field) is not { } place)
        {
            return [];
        }

        var list = Follow(_file, place);
        start = list + sizeof(uint);
        return Cut(_file, start, Count(list) * elementSize);
    }

    /// <summary>How many tables a list has.</summary>
    public int CountTables(int field) => Bytes(field, sizeof(uint), out _).Length / sizeof(uint);

    /// <summary>A table of a list.</summary>
    public FlatTable Table(int field, int index)
    {
        Bytes(field, sizeof(uint), out var first);
        return new FlatTable(_file, Follow(_file, first + (index * sizeof(uint))));
    }

    private static int Follow(ReadOnlySpan<byte> file, long place)
    {
        var target = place + BinaryPrimitives.ReadUInt32LittleEndian(Cut(file, place, sizeof(uint)));
        return target < file.Length ? (int)target : throw Outside();
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> file, long place, long length) =>
        place >= 0 && length >= 0 && place <= file.Length - length ? file.Slice((int)place, (int)length) : throw Outside();

    private static InvalidDataException Outside() => new("it points outside of itself");

    private long Count(int list) => BinaryPrimitives.ReadUInt32LittleEndian(Cut(_file, list, sizeof(uint)));

    private int? Find(int field)
    {
        var fields = _start - (long)BinaryPrimitives.ReadInt32LittleEndian(Cut(_file, _start, sizeof(int)));
        var size = BinaryPrimitives.ReadUInt16LittleEndian(Cut(_file, fields, sizeof(ushort)));
        var entry = (2 + field) * sizeof(ushort);
        if (entry + sizeof(ushort) > size)
        {
            return null;
        }

        var distance = BinaryPrimitives.ReadUInt16LittleEndian(Cut(_file, fields + entry, sizeof(ushort)));
        return distance == 0 ? null : _start + distance;
    }
}

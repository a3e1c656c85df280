using System.Text;

namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>
/// Finds the files beside an ONNX file in which tensors of it lie, without reading the tensors that lie in the file itself. The numbers are those of the published
/// <c>onnx.proto</c>.
/// </summary>
internal sealed class ExternalData
{
    private const string LocationKey = "location";

    /// <summary>Graphs within graphs deeper than this are no model that anybody made.</summary>
    private const int MaxDepth = 200;

    /// <summary>Names are shorter.</summary>
    private const int MaxText = 4096;

    private readonly SortedSet<string> _locations = new(StringComparer.Ordinal);
    private readonly Stream _stream;

    private ExternalData(Stream stream) => _stream = stream;

    /// <summary>The files, as the model names them: relative to its own folder.</summary>
    /// <param name="stream">The file, which can be sought in.</param>
    /// <exception cref="InvalidDataException">It is no ONNX file as far as is needed here.</exception>
    public static IReadOnlyCollection<string> Find(Stream stream)
    {
        var reader = new ExternalData(stream);
        reader.Read(OnnxPart.Model, stream.Length, 0);
        return reader._locations;
    }

    /// <summary>What a field of a message holds, where it is of interest.</summary>
    private static OnnxPart? PartOf(OnnxPart part, ulong field) => (part, field) switch
    {
        (OnnxPart.Model, 7) => OnnxPart.Graph,
        (OnnxPart.Model, 25) => OnnxPart.Function,
        (OnnxPart.Graph, 1) or (OnnxPart.Function, 7) => OnnxPart.Node,
        (OnnxPart.Graph, 5) or (OnnxPart.Attribute, 5 or 10) or (OnnxPart.SparseTensor, 1 or 2) => OnnxPart.Tensor,
        (OnnxPart.Graph, 15) or (OnnxPart.Attribute, 22 or 23) => OnnxPart.SparseTensor,
        (OnnxPart.Node, 5) or (OnnxPart.Function, 11) => OnnxPart.Attribute,
        (OnnxPart.Attribute, 6 or 11) => OnnxPart.Graph,
        (OnnxPart.Tensor, 13) => OnnxPart.Place,
        _ => null,
    };

    private void Read(OnnxPart part, long end, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new InvalidDataException($"its graphs are more than {MaxDepth} deep");
        }

        string? key = null;
        string? value = null;
        while (_stream.Position < end)
        {
            var tag = ReadNumber();
            var length = (tag & 7) switch
            {
                0 => Skip(ReadNumber()),
                1 => 8,
                2 => (long)Math.Min(ReadNumber(), long.MaxValue),
                5 => 4,
                _ => throw new InvalidDataException("it is no protobuf message"),
            };
            if (length > end - _stream.Position)
            {
                throw new InvalidDataException("it ends in the middle of a message");
            }

            var next = _stream.Position + length;
            if ((tag & 7) == 2)
            {
                if (part == OnnxPart.Place && tag >> 3 is 1 or 2)
                {
                    (key, value) = tag >> 3 == 1 ? (ReadText(length), value) : (key, ReadText(length));
                }
                else if (PartOf(part, tag >> 3) is { } inner)
                {
                    Read(inner, next, depth + 1);
                }
            }

            _stream.Position = next;
        }

        if (key == LocationKey && value is not null)
        {
            _locations.Add(value);
        }
    }

    /// <summary>The number itself is of no interest.</summary>
    private static long Skip(ulong number) => (long)(number & 0);

    private ulong ReadNumber()
    {
        var number = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = _stream.ReadByte();
            if (next < 0)
            {
                break;
            }

            number |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return number;
            }
        }

        throw new InvalidDataException("it has a number that does not end");
    }

    private string ReadText(long length)
    {
        if (length > MaxText)
        {
            throw new InvalidDataException($"it has a name of {length} bytes");
        }

        var bytes = new byte[length];
        _stream.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }
}

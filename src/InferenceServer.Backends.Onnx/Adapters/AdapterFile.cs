using System.Buffers.Binary;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace InferenceServer.Backends.Onnx.Adapters;

/// <summary>
/// Reads the tables of an <c>.onnx_adapter</c> file. The engine has a reader of its own; what it reads reaches no run with bound inputs and outputs, and it does not tell the names by which an adapter
/// could be held against the model before the first request.
/// </summary>
internal static class AdapterFile
{
    private const int FormatVersion = 1;
    private const int IdentifierPlace = 4;

    // The fields in the order of the published schema.
    private const int VersionField = 0;
    private const int ParametersField = 3;
    private const int NameField = 0;
    private const int DimensionsField = 1;
    private const int TypeField = 2;
    private const int DataField = 3;

    private static ReadOnlySpan<byte> Identifier => "TORT"u8;

    /// <summary>The parameters that a file holds.</summary>
    /// <exception cref="InvalidDataException">It is no such file; the message says why.</exception>
    public static IReadOnlyList<AdapterTensor> Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < IdentifierPlace + Identifier.Length || !file.Slice(IdentifierPlace, Identifier.Length).SequenceEqual(Identifier))
        {
            throw new InvalidDataException("it is no adapter in the .onnx_adapter format");
        }

        var adapter = FlatTable.RootOf(file);
        if (adapter.Number(VersionField) is not FormatVersion and var version)
        {
            throw new InvalidDataException($"it has version {version} of its format, expected {FormatVersion}");
        }

        var tensors = new List<AdapterTensor>();
        for (int i = 0, count = adapter.CountTables(ParametersField); i < count; i++)
        {
            tensors.Add(Read(adapter.Table(ParametersField, i)));
        }

        return tensors.Count > 0 ? tensors : throw new InvalidDataException("it has no parameters");
    }

    private static AdapterTensor Read(FlatTable parameter)
    {
        var name = parameter.Text(NameField);
        var type = ElementTypes.ToServer((TensorElementType)parameter.Number(TypeField));
        if (type is TensorDataType.Invalid or TensorDataType.Bytes)
        {
            throw new InvalidDataException($"its parameter '{name}' has elements of the type {parameter.Number(TypeField)}, which cannot be carried");
        }

        var dimensions = parameter.Bytes(DimensionsField, sizeof(long), out _);
        if (dimensions.Length > TensorShape.MaxRank * sizeof(long))
        {
            throw new InvalidDataException($"its parameter '{name}' has {dimensions.Length / sizeof(long)} dimensions, expected at most {TensorShape.MaxRank}");
        }

        Span<long> sizes = stackalloc long[dimensions.Length / sizeof(long)];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = BinaryPrimitives.ReadInt64LittleEndian(dimensions[(i * sizeof(long))..]);
            if (sizes[i] < 0)
            {
                throw new InvalidDataException($"its parameter '{name}' has a dimension of {sizes[i]}");
            }
        }

        var shape = new TensorShape(sizes);
        var data = parameter.Bytes(DataField, 1, out var start);
        return shape.TryGetByteCount(type, out var expected) && expected == data.Length
            ? new AdapterTensor(name, type, shape, start, data.Length)
            : throw new InvalidDataException($"its parameter '{name}' of the type {type.ProtocolName()} and shape {shape} has {data.Length} bytes, expected {expected}");
    }
}
